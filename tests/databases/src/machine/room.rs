//! The directory that holds all clusters of this process, and that can't outlive it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, anyhow};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use rustix::fs::statvfs;

use super::programs::{as_server_user, own};

/// Waits until its standard input ends, which it does when this process does, however it ends; then until
/// the servers have stopped, which wait for the same; then removes the directory. $1 the directory.
const KEEPER: &str = r#"
trap '' INT TERM HUP PIPE
cat >/dev/null
tries=0
while ls "$1"/*/data/postmaster.pid >/dev/null 2>&1 && [ $tries -lt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
rm -rf "$1"
"#;

/// What two pieces at a time may take, one of them a base backup of a table of 1 GB.
const ROOM_BYTES: u64 = 2 << 30;

/// The directory of this process's clusters.
#[derive(Debug)]
pub(super) struct Room {
    directory: PathBuf,
    _keeper: Child,
}

impl Room {
    /// The room of this process, made at the first call.
    pub(super) fn get() -> Result<&'static Self> {
        static ROOM: OnceLock<Result<Room, String>> = OnceLock::new();
        ROOM.get_or_init(|| Self::make().map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|error| anyhow!("{error}"))
    }

    fn make() -> Result<Self> {
        let directory = place().join(format!("restore-drill-museum-{}", std::process::id()));
        fs::create_dir(&directory).with_context(|| format!("making {}", directory.display()))?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
        own(&directory)?;
        let keeper = as_server_user("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&directory)
            .stdin(Stdio::piped())
            .spawn()
            .context("starting the keeper of the room")?;
        write_certificates(&directory)?;
        Ok(Self { directory, _keeper: keeper })
    }

    /// A path that nothing of this process has, with a word in it for whoever looks.
    pub(super) fn place(&self, word: &str) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.directory.join(format!("{}-{word}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The directory itself.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The certificate of the authority that signed the servers' one.
    pub(super) fn authority(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }
}

/// Memory where there is room for it: a cluster is a thousand small files, which a busy disk takes seconds to
/// copy. Else the directory for temporary files.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let has_room = statvfs(memory).is_ok_and(|system| system.f_bavail * system.f_frsize >= ROOM_BYTES);
    if has_room { memory.to_owned() } else { std::env::temp_dir() }
}

/// Writes `authority.pem`, and `server.pem` with `server.key` for localhost.
fn write_certificates(directory: &Path) -> Result<()> {
    let mut parameters = CertificateParams::new(Vec::default())?;
    parameters.distinguished_name.push(DnType::CommonName, "authority of the museum");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let authority = parameters.self_signed(&key)?.pem();
    let issuer = Issuer::new(parameters, key);
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.distinguished_name.push(DnType::CommonName, "localhost");
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, &issuer)?.pem();
    for (name, text) in
        [("authority.pem", authority), ("server.pem", certificate), ("server.key", key.serialize_pem())]
    {
        let path = directory.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        own(&path)?;
    }
    Ok(())
}
