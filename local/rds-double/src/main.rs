//! The double's program: reads the command line, prepares the state directory, serves.

mod options;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use rds_double::certificates::Authority;
use rds_double::clock;
use rds_double::model::{ControlPlane, PlaneConfig};
use rds_double::postgres::{Binaries, Fleet, IamAuthentication, Owner, keep};
use rds_double::service::{Double, serve, serve_logins};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use options::{Command, Options, ServeOptions};

/// The longest state directory whose sockets still have names that the system takes.
const STATE_PATH_MAX: usize = 80;

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    if let Some(Command::Keep(kept)) = options.command {
        return keep(kept.owner(), &kept.program).context("keeping a server");
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(run(options.serve))
}

async fn run(options: ServeOptions) -> anyhow::Result<ExitCode> {
    let binaries = Binaries::find(&options.postgres_bin()?)?;
    let owner = Owner::choose(options.run_as.as_deref())?;
    binaries.check_access(owner)?;
    let lock = prepare_state(&options.state_dir, owner)?;
    let state = options.state_dir.canonicalize().context("resolving the state directory")?;
    let now = clock::now();
    let authority = Authority::new("rds-double authority", now)?;
    let stranger = Authority::new("an authority that nobody trusts", now)?;
    let ca = state.join("ca.pem");
    std::fs::write(&ca, authority.pem()).with_context(|| format!("writing {}", ca.display()))?;
    let plane = ControlPlane::new(PlaneConfig {
        region: options.region,
        account: options.account,
        engine_version: binaries.version().to_owned(),
        delays: options.delay,
        instance_quota: options.instance_quota,
        snapshot_quota: options.snapshot_quota,
        storage_quota_gib: options.storage_quota_gib,
        seed: format!("{}/{}", std::process::id(), now.to_rfc3339()),
    });
    let logins = TcpListener::bind(("127.0.0.1", 0)).await.context("listening for logins")?;
    let iam = if binaries.has_ldap() {
        IamAuthentication::Verified { ldap_port: logins.local_addr()?.port() }
    } else {
        note("this PostgreSQL is built without LDAP: members of rds_iam are let in without a token");
        IamAuthentication::Trusted
    };
    let fleet = Fleet::new(binaries, owner, state, (authority, stranger), iam)?;
    let listener = TcpListener::bind(("127.0.0.1", options.port))
        .await
        .with_context(|| format!("listening on 127.0.0.1:{}", options.port))?;
    let port = listener.local_addr()?.port();
    let double = Arc::new(Double::new(plane, fleet.clone()));
    announce(&json!({"port": port, "ca": ca, "pid": std::process::id()}))?;
    let ticking = Arc::clone(&double);
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::select! {
        () = ticking.tick() => {}
        served = serve(listener, Arc::clone(&double)) => served.context("serving")?,
        served = serve_logins(logins, double, options.secret_access_key) => served.context("serving logins")?,
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    fleet.end().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

/// Makes the state directory, locks it, and removes what an earlier double left there.
fn prepare_state(directory: &Path, owner: Owner) -> anyhow::Result<File> {
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    let directory = directory.canonicalize()?;
    let text = directory.to_string_lossy();
    if text.len() > STATE_PATH_MAX {
        bail!(
            "the state directory's path has {} bytes\nHINT: sockets lie below it and must have short names; at most {STATE_PATH_MAX} bytes",
            text.len()
        );
    }
    if text.contains(|each: char| !each.is_ascii_alphanumeric() && !"/._-+@".contains(each)) {
        bail!(
            "the state directory {text} has a character that server configurations would misread\nHINT: letters, digits and /._-+@ only"
        );
    }
    owner.check_access(&directory)?;
    let lock = File::create(directory.join("lock"))?;
    if lock.try_lock().is_err() {
        bail!("another double runs in {text}");
    }
    for name in ["instances", "snapshots", "archives", "sockets", "template"] {
        rds_double::postgres::remove_leftover(&directory.join(name))?;
    }
    Ok(lock)
}

/// The one line on standard output.
#[expect(clippy::print_stdout, reason = "the ready line is this program's interface")]
fn announce(ready: &serde_json::Value) -> anyhow::Result<()> {
    println!("{ready}");
    std::io::stdout().flush().context("saying that it is ready")
}

/// A line for people.
#[expect(clippy::print_stderr, reason = "the program's only note to people")]
fn note(line: &str) {
    eprintln!("rds-double: {line}");
}
