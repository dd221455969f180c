//! What the tests against a real PostgreSQL share: a server, its certificates, a database a test.

mod certificates;
mod server;

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use drill::configuration::{DatabaseSettings, Span};
use drill::instance::Endpoint;
use drill::measurement::TableName;
use drill::ports::{Connect, ConnectError, Target};
use restore_drill_postgres::token::Credentials;
use restore_drill_postgres::{CaBundle, Postgres, PostgresSession};
use tokio_postgres::{Client, NoTls};

pub(crate) use certificates::Kind;
pub(crate) use server::Server;

/// A role with the rights of the README's: LOGIN and `pg_read_all_data`.
pub(crate) const READER: &str = "drill";
/// A role that may log in and nothing else.
pub(crate) const STRANGER: &str = "stranger";
/// A role that may read everything, policies notwithstanding.
pub(crate) const SEES_ALL: &str = "sees_all";
/// A role whose password is the token of [`token_time`].
pub(crate) const TOKEN_ROLE: &str = "token_role";
/// A role that `pg_hba.conf` turns away.
pub(crate) const REJECTED: &str = "rejected";

/// The server that the tests of this binary share, with checksums and a good certificate; `None`, with
/// a line for the runner, when this machine has none to start.
pub(crate) fn server(test: &str) -> Option<&'static Server> {
    static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
    skipped(test, SHARED.get_or_init(|| Server::start(Kind::Good, &["--data-checksums"])).as_ref())
}

/// A server of a test's own.
pub(crate) fn own_server(test: &str, certificate: Kind, initdb: &[&str]) -> Option<Server> {
    skipped(test, Server::start(certificate, initdb))
}

fn skipped<T, E: std::fmt::Display>(test: &str, started: Result<T, E>) -> Option<T> {
    started
        .map_err(|why| {
            // Written past libtest's capture, which would keep it from the runner that counts it, and in
            // one piece, as tests run side by side.
            let line = format!("\nSKIPPED {test}: {why}\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
        })
        .ok()
}

/// A database of one test.
pub(crate) struct Database {
    pub(crate) server: &'static Server,
    pub(crate) name: String,
    /// A session of the superuser.
    pub(crate) admin: Client,
}

impl Database {
    /// Makes a database of the shared server for the test, and runs SQL in it; `None` when skipped.
    pub(crate) async fn make(test: &str, sql: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = server(test)?;
        let name = format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let root = admin(server, "postgres").await;
        root.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
            .await
            .unwrap();
        let admin = admin(server, &name).await;
        admin.batch_execute(sql).await.unwrap();
        Some(Self { server, name, admin })
    }

    /// A session of the adapter, as the role.
    pub(crate) async fn session(&self, role: &str) -> PostgresSession {
        connect(self.server, "localhost", &settings(&self.name, role)).await.unwrap()
    }

    /// The number that a statement of the superuser gives.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.admin.query_one(sql, &[]).await.unwrap().get(0)
    }
}

/// A session of the superuser, without TLS.
pub(crate) async fn admin(server: &Server, database: &str) -> Client {
    let text = format!("host=127.0.0.1 port={} user=postgres dbname={database}", server.port);
    let (client, connection) = tokio_postgres::connect(&text, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn settings(database: &str, role: &str) -> DatabaseSettings {
    DatabaseSettings {
        name: database.to_owned(),
        user: role.to_owned(),
        connect_timeout: Span::seconds(20),
        statement_timeout: Span::seconds(30),
    }
}

/// Connects as deployed, trusting the server's own authority.
pub(crate) async fn connect(
    server: &Server,
    host: &str,
    settings: &DatabaseSettings,
) -> Result<PostgresSession, ConnectError> {
    connect_trusting(&server.authority(), server.port, host, settings).await
}

pub(crate) async fn connect_trusting(
    authority: &std::path::Path,
    port: u16,
    host: &str,
    settings: &DatabaseSettings,
) -> Result<PostgresSession, ConnectError> {
    let postgres = Postgres::new(&CaBundle::read(authority).unwrap(), credentials(), "eu-west-1");
    let endpoint = Endpoint { host: host.to_owned(), port };
    postgres.connect(&Target { endpoint: &endpoint, database: settings }, token_time()).await
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
}

/// The instant for which tokens are signed in these tests.
pub(crate) fn token_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_230_000, 0).unwrap()
}

pub(crate) fn table(schema: &str, table: &str) -> TableName {
    TableName { schema: schema.to_owned(), table: table.to_owned() }
}
