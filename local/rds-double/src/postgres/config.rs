//! Decides how a server is configured: its address, certificate, log archive and who may connect.

use std::path::Path;

use super::IamAuthentication;
use crate::model::{DatabaseFault, ServerSettings};

/// Where things are that a configuration names.
pub(super) struct Places<'a> {
    pub(super) home: &'a Path,
    pub(super) sockets: &'a Path,
    pub(super) archive: &'a Path,
}

/// `postgresql.conf` for one server. The data are a copy or a toy, so nothing is synced to disk.
pub(super) fn server(
    places: &Places<'_>,
    port: u16,
    settings: &ServerSettings,
    fault: Option<DatabaseFault>,
) -> String {
    let home = places.home.display();
    let sockets = places.sockets.display();
    let archive = places.archive.display();
    let listen = match fault {
        Some(DatabaseFault::RefuseConnections) => "",
        _ => "127.0.0.1",
    };
    let archive_command = if settings.archiving {
        format!("cp \"%p\" \"{archive}/%f.part\" && mv \"{archive}/%f.part\" \"{archive}/%f\"")
    } else {
        // Segments are done with, not piled up.
        "true".to_owned()
    };
    format!(
        "listen_addresses = '{listen}'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = '64MB'
max_wal_size = '512MB'
fsync = off
wal_level = replica
hot_standby = off
archive_mode = on
archive_command = '{archive_command}'
ssl = on
ssl_cert_file = '{home}/server.crt'
ssl_key_file = '{home}/server.key'
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
"
    )
}

/// What a server replays before it opens.
pub(super) fn recovery(archive: &Path, until: Option<&str>) -> String {
    let archive = archive.display();
    let target = until.map(|time| format!("recovery_target_time = '{time}'\n")).unwrap_or_default();
    format!(
        "restore_command = 'cp \"{archive}/%f\" \"%p\"'
{target}recovery_target_action = 'promote'
"
    )
}

/// `pg_hba.conf`: the double through its socket, everyone else over TLS only.
pub(super) fn access(settings: &ServerSettings, iam: IamAuthentication, resource_id: &str) -> String {
    let members = match iam {
        _ if !settings.iam_authentication => "reject".to_owned(),
        IamAuthentication::Trusted => "trust".to_owned(),
        IamAuthentication::Verified { ldap_port } => format!(
            "ldap ldapserver=127.0.0.1 ldapport={ldap_port} ldapprefix=\"uid=\" ldapsuffix=\",dbi={resource_id}\""
        ),
    };
    format!(
        "local all {admin} trust
local all all reject
hostssl all +rds_iam 127.0.0.1/32 {members}
hostssl all all 127.0.0.1/32 scram-sha-256
",
        admin = super::admin::ADMIN
    )
}
