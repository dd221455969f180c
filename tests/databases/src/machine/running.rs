//! A cluster whose server runs.
//!
//! A shell holds the server: it starts it, waits until its own standard input ends, and stops it. The
//! input ends when this process does, however it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use drill::instance::Endpoint;
use restore_drill_postgres::CaBundle;
use tokio_postgres::{Client, NoTls};

use super::Cluster;
use super::cluster::{end_of_log, run};
use super::programs::as_server_user;
use super::room::Room;

/// $1 the programs, $2 the cluster's directory, $3 the port. A key that interrupts the tests also goes to
/// this shell, which has to outlive them.
const HOLDER: &str = r#"
trap '' INT TERM HUP PIPE
if "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -o "-p $3" start >"$2/start" 2>&1; then
    echo ready
    cat >/dev/null
    [ -e "$2/data/postmaster.pid" ] || exit 0
    "$1/pg_ctl" -D "$2/data" -m fast -w -t 20 stop >/dev/null 2>&1 ||
        "$1/pg_ctl" -D "$2/data" -m immediate -w -t 10 stop >/dev/null 2>&1
fi
"#;
/// How often another port is tried when somebody else took it first.
const TRIES: u32 = 3;
/// How many servers run at a time, whatever the number of cores.
const SERVERS_MAX: u32 = 3;

/// A running server. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Running {
    // In the order in which they are let go: the server before its files, its place after both.
    holder: Option<Child>,
    cluster: Option<Cluster>,
    port: u16,
    _place: Place,
}

impl Running {
    pub(super) fn start(cluster: Cluster) -> Result<Self> {
        let mut running = Self { holder: None, cluster: Some(cluster), port: 0, _place: Place::take() };
        for _ in 0..TRIES {
            running.port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            if running.try_start()? {
                return Ok(running);
            }
        }
        bail!("the server doesn't start: {}", end_of_log(&running.cluster().beside("log")))
    }

    fn try_start(&mut self) -> Result<bool> {
        let mut holder = as_server_user("sh")
            .args(["-c", HOLDER, "sh"])
            .arg(self.cluster().programs().directory())
            .arg(self.cluster().beside(""))
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a server")?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take().context("it has an output")?).read_line(&mut line)?;
        self.holder = Some(holder);
        let is_ready = line == "ready\n";
        if !is_ready {
            self.let_go();
        }
        Ok(is_ready)
    }

    /// The cluster that the server runs on.
    pub fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("it is only taken when the server is let go for good")
    }

    /// The port at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the product finds the server.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { host: "localhost".to_owned(), port: self.port }
    }

    /// The authority that the server's certificate is of.
    pub fn authority(&self) -> Result<CaBundle> {
        Ok(CaBundle::read(&Room::get()?.authority())?)
    }

    /// A session of the superuser.
    pub async fn admin(&self, database: &str) -> Result<Client> {
        let mut configuration = tokio_postgres::Config::new();
        configuration.host("127.0.0.1").port(self.port).user("postgres").dbname(database);
        let (client, connection) = configuration.connect(NoTls).await.context("connecting as superuser")?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Runs statements of the superuser, each in a transaction of its own unless they say otherwise.
    pub async fn sql(&self, database: &str, statements: &str) -> Result<()> {
        let client = self.admin(database).await?;
        for statement in split(statements) {
            client.batch_execute(statement).await.with_context(|| format!("running {statement}"))?;
        }
        Ok(())
    }

    /// One value, as text.
    pub async fn value(&self, database: &str, query: &str) -> Result<String> {
        let client = self.admin(database).await?;
        let messages = client.simple_query(query).await.with_context(|| format!("running {query}"))?;
        messages
            .iter()
            .find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
                _ => None,
            })
            .with_context(|| format!("{query} gives no value"))
    }

    /// The main file of a relation, by its path in the data directory.
    pub async fn file_of(&self, database: &str, relation: &str) -> Result<String> {
        self.value(database, &format!("SELECT pg_relation_filepath({relation})")).await
    }

    /// Stops the server as it should be: with a checkpoint.
    pub fn stop(self) -> Result<Cluster> {
        self.end("fast")
    }

    /// Stops the server as a loss of power would: the next start recovers, as a restore from RDS does.
    pub fn crash(self) -> Result<Cluster> {
        self.end("immediate")
    }

    fn end(mut self, mode: &str) -> Result<Cluster> {
        let mut pg_ctl = self.cluster().programs().command("pg_ctl");
        run(pg_ctl.args(["-m", mode, "-w", "stop", "-D"]).arg(self.cluster().data()))?;
        self.let_go();
        self.cluster.take().context("it has a cluster")
    }

    fn let_go(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// The statements of a text, which end at `;;` so that bodies of functions may hold `;`.
fn split(statements: &str) -> impl Iterator<Item = &str> {
    statements.split(";;").map(str::trim).filter(|statement| !statement.is_empty())
}

/// A place among the servers that may run side by side.
#[derive(Debug)]
struct Place;

static TAKEN: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());

impl Place {
    fn take() -> Self {
        let (taken, freed) = &TAKEN;
        let taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken =
            freed.wait_while(taken, |taken| *taken >= SERVERS_MAX).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (taken, freed) = &TAKEN;
        *taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        freed.notify_one();
    }
}
