//! A PostgreSQL server that a test starts, and that can't outlive it.
//!
//! A shell holds the server: it makes the cluster, starts the server, waits until its standard input
//! ends, then stops the server and removes its files. The input ends when the test's process does,
//! however it ends.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use drill::instance::Endpoint;
use restore_drill_postgres::token;

use super::certificates::{self, Kind};
use super::{READER, REJECTED, SEES_ALL, STRANGER, TOKEN_ROLE};

/// $1 the binaries, $2 the server's directory, $3 its port, then options of initdb. A key that
/// interrupts the tests also goes to this shell, which has to outlive it, and so it has to when nobody
/// reads that it is ready.
const HOLDER: &str = r#"
trap '' INT TERM HUP PIPE
binaries=$1 directory=$2 port=$3
shift 3
run() {
    if [ ! -e "$directory/data" ]; then
        "$binaries/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --no-locale --no-sync "$@" || return
        cat "$directory/extra.conf" >>"$directory/data/postgresql.conf"
        cp "$directory/pg_hba.conf" "$directory/data/"
    fi
    "$binaries/pg_ctl" -D "$directory/data" -l "$directory/log" -w -t 60 -o "-p $port" start
}
if run "$@" >"$directory/start" 2>&1; then
    echo ready
    cat >/dev/null
    "$binaries/pg_ctl" -D "$directory/data" -m fast -w -t 20 stop >/dev/null ||
        "$binaries/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null
else
    cat "$directory/start" "$directory/log" >&2
fi
[ -e "$directory/keep" ] || rm -rf "$directory"
"#;

const PG_HBA: &str = "\
host    all postgres   127.0.0.1/32 trust
hostssl all rejected   127.0.0.1/32 reject
hostssl all token_role 127.0.0.1/32 password
hostssl all all        127.0.0.1/32 trust
";

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) version: u32,
    directory: PathBuf,
    binaries: PathBuf,
    holder: Option<Child>,
}

impl Server {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    /// Why this machine can't: no PostgreSQL of 14 or later, or no other user to run it as.
    pub(crate) fn start(certificate: Kind, initdb: &[&str]) -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (binaries, version) = binaries()?;
        let name = format!("restore-drill-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).map_err(|error| error.to_string())?;
        let mut server = Self { port: 0, version, directory, binaries, holder: None };
        certificates::write(&server.directory, certificate);
        server.prepare()?;
        server.begin(initdb);
        server.make_roles();
        Ok(server)
    }

    /// The certificate of the authority that signed the server's.
    pub(crate) fn authority(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }

    /// The server's certificate and its key.
    pub(crate) fn certificate(&self) -> (PathBuf, PathBuf) {
        (self.directory.join("server.pem"), self.directory.join("server.key"))
    }

    /// The certificate of an authority that signed nothing.
    pub(crate) fn stranger(&self) -> PathBuf {
        self.directory.join("stranger.pem")
    }

    /// Stops the server and keeps its files.
    pub(crate) fn stop(&mut self) {
        fs::write(self.directory.join("keep"), "").unwrap();
        self.let_go();
    }

    /// Starts the server again.
    pub(crate) fn run(&mut self) {
        fs::remove_file(self.directory.join("keep")).unwrap();
        self.begin(&[]);
    }

    fn begin(&mut self, initdb: &[&str]) {
        self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut holder = as_server_user("sh")
            .args(["-c", HOLDER, "sh"])
            .args([&self.binaries, &self.directory])
            .arg(self.port.to_string())
            .args(initdb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        self.holder = Some(holder);
        assert_eq!(line, "ready\n", "the server didn't start");
    }

    /// Overwrites a block of a relation's file, at the path that `pg_relation_filepath` gives.
    pub(crate) fn overwrite_block(&self, relation: &str, block: usize, byte: u8) {
        let mut file = self.read_file(relation);
        file[block * 8192..(block + 1) * 8192].fill(byte);
        self.write_file(relation, &file);
    }

    /// The file of a relation, at the path that `pg_relation_filepath` gives.
    pub(crate) fn read_file(&self, relation: &str) -> Vec<u8> {
        assert!(self.holder.is_none(), "the server must be stopped");
        fs::read(self.directory.join("data").join(relation)).unwrap()
    }

    /// Writes over the file of a relation.
    pub(crate) fn write_file(&self, relation: &str, content: &[u8]) {
        assert!(self.holder.is_none(), "the server must be stopped");
        fs::write(self.directory.join("data").join(relation), content).unwrap();
    }

    /// Writes what the cluster is made with.
    fn prepare(&self) -> Result<(), String> {
        let directory = self.directory.display();
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 60\n\
             shared_buffers = 16MB\nfsync = off\nautovacuum = off\nssl = on\n\
             ssl_cert_file = '{directory}/server.pem'\nssl_key_file = '{directory}/server.key'\n"
        );
        fs::write(self.directory.join("extra.conf"), settings).unwrap();
        fs::write(self.directory.join("pg_hba.conf"), PG_HBA).unwrap();
        fs::set_permissions(self.directory.join("server.key"), Permissions::from_mode(0o600)).unwrap();
        own(&self.directory)
    }

    fn make_roles(&self) {
        let endpoint = Endpoint { host: "localhost".to_owned(), port: self.port };
        let token =
            token::sign(&super::credentials(), "eu-west-1", &endpoint, TOKEN_ROLE, super::token_time())
                .unwrap();
        let sql = format!(
            "CREATE ROLE {READER} LOGIN; GRANT pg_read_all_data TO {READER};
             CREATE ROLE {SEES_ALL} LOGIN BYPASSRLS; GRANT pg_read_all_data TO {SEES_ALL};
             CREATE ROLE {STRANGER} LOGIN; CREATE ROLE {REJECTED} LOGIN;
             CREATE ROLE {TOKEN_ROLE} LOGIN PASSWORD '{}'",
            token.expose()
        );
        // A thread of its own, as the caller may be inside a runtime already.
        std::thread::scope(|scope| {
            let make = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    super::admin(self, "postgres").await.batch_execute(&sql).await.unwrap();
                });
            };
            scope.spawn(make).join().unwrap();
        });
    }

    fn let_go(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.let_go();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// PostgreSQL's programs: those that `POSTGRES_BIN` names, else the newest of the system's.
#[expect(clippy::disallowed_methods, reason = "the choice of a server is the tests' own setting")]
fn binaries() -> Result<(PathBuf, u32), String> {
    if let Some(directory) = std::env::var_os("POSTGRES_BIN") {
        let directory = PathBuf::from(directory);
        let version = version_of(&directory)
            .ok_or_else(|| format!("POSTGRES_BIN: no postgres in {}", directory.display()))?;
        return Ok((directory, version));
    }
    fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter_map(|directory| version_of(&directory).map(|version| (directory, version)))
        .filter(|(_, version)| *version >= 14)
        .max_by_key(|(_, version)| *version)
        .ok_or_else(|| "no PostgreSQL 14 or later in /usr/lib/postgresql or POSTGRES_BIN".to_owned())
}

/// The major version, from `postgres (PostgreSQL) 15.18 (Debian …)`.
fn version_of(directory: &Path) -> Option<u32> {
    let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

/// Root can't run a server: as root, the command runs as the system's user for it.
fn as_server_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// Gives the directory and its files to the user that the server runs as.
fn own(directory: &Path) -> Result<(), String> {
    if !is_root() {
        return Ok(());
    }
    let passwd = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let entry = passwd
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .ok_or("root can't run PostgreSQL, and there is no user named postgres")?;
    let ids: Vec<u32> = entry.split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
    chown(directory, Some(ids[0]), Some(ids[1])).unwrap();
    for file in fs::read_dir(directory).unwrap() {
        chown(file.unwrap().path(), Some(ids[0]), Some(ids[1])).unwrap();
    }
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
