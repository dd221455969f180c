//! One running server: started under a keeper, watched until it answers, stopped.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::process::Child;

use super::keeper::STOP;
use super::{Binaries, Doing, JobError, Owner, admin};
use crate::clock;

/// How long a server may take until it answers, replay included.
const READY_MAX: Duration = Duration::from_mins(10);

/// How long a server may take to stop.
const STOP_MAX: Duration = Duration::from_mins(1);

/// How often a starting server is asked.
const ASK: Duration = Duration::from_millis(20);

/// What a server is started with.
pub(super) struct Start<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) owner: Owner,
    pub(super) home: &'a Path,
    pub(super) sockets: &'a Path,
    pub(super) port: u16,
}

/// A server under its keeper.
#[derive(Debug)]
pub(super) struct Server {
    keeper: Child,
    log: PathBuf,
    pub(super) port: u16,
}

impl Server {
    /// Starts a server and returns when it answers the double.
    pub(super) async fn start(start: &Start<'_>) -> Result<Self, JobError> {
        let log = start.home.join("server.log");
        let mut server = Self { keeper: spawn(start, &log)?, log, port: start.port };
        server.wait_ready(start.sockets).await?;
        Ok(server)
    }

    async fn wait_ready(&mut self, sockets: &Path) -> Result<(), JobError> {
        let deadline = Instant::now() + READY_MAX;
        loop {
            if admin::connect(sockets, self.port, "postgres").await.is_ok() {
                return Ok(());
            }
            let ended = self.keeper.try_wait().doing(|| "looking after a server".into())?;
            if ended.is_some() {
                return Err(JobError::Program(format!("the server did not start: {}", self.last_words())));
            }
            if Instant::now() > deadline {
                return Err(JobError::TooSlow(format!(
                    "the server did not answer within {} s",
                    READY_MAX.as_secs()
                )));
            }
            clock::pause(ASK).await;
        }
    }

    /// The last complaint in the server's log.
    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut lines = text.lines().rev();
        let complaint = lines.find(|line| line.contains("FATAL") || line.contains("PANIC"));
        complaint.or_else(|| text.lines().last()).unwrap_or("its log is empty").to_owned()
    }

    /// Stops the server in good order, or at once when its keeper goes.
    pub(super) async fn stop(mut self) -> Result<(), JobError> {
        if let Some(pipe) = self.keeper.stdin.as_mut() {
            // A server that has ended already needs no word; waiting shows it.
            let _ = pipe.write_all(&[STOP]).await;
        }
        self.wait_end().await
    }

    /// Ends the server without a checkpoint: its data are to go, too.
    pub(super) async fn abandon(mut self) -> Result<(), JobError> {
        drop(self.keeper.stdin.take());
        self.wait_end().await
    }

    async fn wait_end(&mut self) -> Result<(), JobError> {
        // `wait` would close the pipe first, which means something else to the keeper.
        let deadline = Instant::now() + STOP_MAX;
        loop {
            let ended = self.keeper.try_wait().doing(|| "looking after a server".into())?;
            if ended.is_some() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(JobError::TooSlow(format!(
                    "the server did not stop within {} s",
                    STOP_MAX.as_secs()
                )));
            }
            clock::pause(ASK).await;
        }
    }
}

fn spawn(start: &Start<'_>, log: &Path) -> Result<Child, JobError> {
    let own = std::env::current_exe().doing(|| "finding the double's own program".into())?;
    let output = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .doing(|| format!("opening {}", log.display()))?;
    let errors = output.try_clone().doing(|| format!("opening {}", log.display()))?;
    let postgres = start.binaries.command("postgres");
    let mut command = Command::new(own);
    command.env_clear();
    for (name, value) in postgres.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.arg("keep");
    if let Some((user, group)) = start.owner.ids() {
        command.args(["--user", &user.to_string(), "--group", &group.to_string()]);
    }
    let setting = |name: &str, file: &str| format!("{name}={}", start.home.join(file).display());
    command
        .arg("--")
        .arg(start.binaries.program("postgres"))
        .arg("-D")
        .arg(start.home.join("data"))
        .args(["-c", &setting("config_file", "server.conf")])
        .args(["-c", &setting("hba_file", "access.conf")])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors);
    let mut command = tokio::process::Command::from(command);
    command.process_group(0);
    command.spawn().doing(|| "starting a keeper".into())
}
