//! Does the jobs: what each means for files and servers.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex as AsyncMutex;

use super::config::{self, Places};
use super::files::{self, WriteAheadLog};
use super::fleet::{Inner, Place, Slot};
use super::server::{Server, Start};
use super::{JobError, admin, backup, prepare, recovery};
use crate::clock;
use crate::model::{
    Address, DatabaseFault, Job, Password, ResourceId, RestoreFrom, ServerSettings, SnapshotKey, Tampering,
};

/// The host of every endpoint; certificates are issued for it.
const HOST: &str = "localhost";

/// Ports for servers: below those that the system gives to outgoing connections.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

impl Inner {
    /// Does one job. Gives the address of a server that it made.
    pub(super) async fn perform(&self, job: Job) -> Result<Option<Address>, JobError> {
        match job {
            Job::Create { instance, settings, database, master_user, password } => {
                self.lay_empty_cluster(&self.home(&instance).join("data")).await?;
                let port = self.open(&instance, settings, None, None).await?;
                let client = self.connect(port, "postgres").await?;
                prepare::populate(&client, &master_user, &password, database.as_deref()).await?;
                Ok(Some(address(port)))
            }
            Job::Restore { instance, settings, from, database, tampering } => {
                let replay = self.lay_copy(&instance, from).await?;
                let port = self.open(&instance, settings, tampering.fault, replay).await?;
                self.tamper(port, database, &tampering).await?;
                Ok(Some(address(port)))
            }
            Job::Start(instance) => self.start(&instance).await.map(|()| None),
            Job::Stop(instance) => self.stop(&instance).await.map(|()| None),
            Job::Delete { instance, keep_archive } => {
                self.delete(&instance, keep_archive).await.map(|()| None)
            }
            Job::Configure { instance, settings, password } => {
                self.configure(&instance, settings, password).await.map(|()| None)
            }
            Job::Backup { instance, snapshot } => self.back_up(&instance, snapshot).await.map(|()| None),
            Job::CopySnapshot { from, to } => {
                self.copy_snapshot(from, &self.snapshot(to)).await?;
                Ok(None)
            }
            Job::DeleteSnapshot(snapshot) => {
                files::retire(&self.snapshot(snapshot))?;
                Ok(None)
            }
        }
    }

    fn snapshot(&self, key: SnapshotKey) -> std::path::PathBuf {
        self.state.join("snapshots").join(key.to_string())
    }

    async fn copy_snapshot(&self, from: SnapshotKey, to: &Path) -> Result<(), JobError> {
        let source = self.snapshot(from);
        backup::copy(&source, to, WriteAheadLog::Copied, self.owner).await?;
        // A copy leaves out what vanishes: of a snapshot that went meanwhile it is not whole.
        if source.exists() {
            return Ok(());
        }
        Err(JobError::Program("the snapshot was deleted while it was copied".into()))
    }

    /// Puts a snapshot's data in place and, for a point in time, says what is to be replayed.
    async fn lay_copy(&self, instance: &ResourceId, from: RestoreFrom) -> Result<Option<String>, JobError> {
        let data = self.home(instance).join("data");
        let (base, replay) = match from {
            RestoreFrom::Snapshot(key) => (key, None),
            RestoreFrom::PointInTime { base, source, until } => {
                self.seal(&source).await?;
                let until = until.map(|time| time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string());
                let archive = self.archive(&source);
                (base, Some(config::recovery(&archive, until.as_deref())))
            }
        };
        files::make_directory(&self.home(instance), self.owner)?;
        self.copy_snapshot(base, &data).await?;
        if replay.is_some() {
            files::write(&data.join("recovery.signal"), "", self.owner)?;
        }
        Ok(replay)
    }

    /// Starts the server of a new data directory and remembers it.
    async fn open(
        &self,
        instance: &ResourceId,
        settings: ServerSettings,
        fault: Option<DatabaseFault>,
        replay: Option<String>,
    ) -> Result<u16, JobError> {
        let slot = self.reserve(instance, settings, fault)?;
        let mut held = slot.lock().await;
        files::make_directory(&self.home(instance), self.owner)?;
        files::make_directory(&self.archive(instance), self.owner)?;
        self.certify(instance, fault)?;
        self.write_config(instance, &held, replay.as_deref())?;
        held.server = Some(self.launch(instance, held.port).await?);
        Ok(held.port)
    }

    /// Takes a port that nobody uses, and a place for the server there.
    fn reserve(
        &self,
        instance: &ResourceId,
        settings: ServerSettings,
        fault: Option<DatabaseFault>,
    ) -> Result<Arc<AsyncMutex<Slot>>, JobError> {
        let mut places = self.lock_slots();
        // A port to begin with that differs between doubles on one machine.
        let offset = std::process::id() % u32::from(PORTS.end - PORTS.start);
        let first = PORTS.start + u16::try_from(offset).unwrap_or(0);
        let port = (first..PORTS.end)
            .chain(PORTS.start..first)
            .filter(|port| places.values().all(|place| place.port != *port))
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .ok_or_else(|| JobError::Program("no port is free for a server".into()))?;
        let slot = Arc::new(AsyncMutex::new(Slot { server: None, port, settings, fault }));
        let place = Place { port, slot: Arc::clone(&slot) };
        places.insert(instance.clone(), place);
        Ok(slot)
    }

    fn certify(&self, instance: &ResourceId, fault: Option<DatabaseFault>) -> Result<(), JobError> {
        let authority = match fault {
            Some(DatabaseFault::WrongAuthority) => &self.stranger,
            _ => &self.authority,
        };
        let names: &[&str] = match fault {
            Some(DatabaseFault::WrongHostName) => &["other.example"],
            _ => &[HOST, "127.0.0.1"],
        };
        let issued = authority
            .issue(names, clock::now())
            .map_err(|error| JobError::Program(format!("issuing a certificate: {error}")))?;
        let home = self.home(instance);
        files::write(&home.join("server.crt"), &issued.certificate, self.owner)?;
        files::write(&home.join("server.key"), &issued.key, self.owner)
    }

    fn write_config(&self, instance: &ResourceId, slot: &Slot, replay: Option<&str>) -> Result<(), JobError> {
        let home = self.home(instance);
        let archive = self.archive(instance);
        let sockets = self.sockets();
        let places = Places { home: &home, sockets: &sockets, archive: &archive };
        let mut server = config::server(&places, slot.port, &slot.settings, slot.fault);
        server.push_str(replay.unwrap_or_default());
        files::write(&home.join("server.conf"), &server, self.owner)?;
        let access = config::access(&slot.settings, self.iam, instance.as_str());
        files::write(&home.join("access.conf"), &access, self.owner)
    }

    async fn launch(&self, instance: &ResourceId, port: u16) -> Result<Server, JobError> {
        let home = self.home(instance);
        let sockets = self.sockets();
        Server::start(&Start {
            binaries: &self.binaries,
            owner: self.owner,
            home: &home,
            sockets: &sockets,
            port,
        })
        .await
    }

    async fn tamper(&self, port: u16, own: Option<String>, tampering: &Tampering) -> Result<(), JobError> {
        if tampering.sql.is_empty() {
            return Ok(());
        }
        let database = tampering.database.clone().or(own);
        let name = database.as_deref().unwrap_or("postgres");
        let client = self.connect(port, name).await?;
        admin::run(&client, &tampering.sql).await.map(drop)
    }

    async fn start(&self, instance: &ResourceId) -> Result<(), JobError> {
        let slot = self.slot(instance)?;
        let mut held = slot.lock().await;
        if held.server.is_none() {
            self.write_config(instance, &held, None)?;
            held.server = Some(self.launch(instance, held.port).await?);
        }
        Ok(())
    }

    async fn stop(&self, instance: &ResourceId) -> Result<(), JobError> {
        self.seal(instance).await?;
        let slot = self.slot(instance)?;
        let server = slot.lock().await.server.take();
        match server {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// Archives the log of a running server that has an archive; for others there is none to do.
    async fn seal(&self, instance: &ResourceId) -> Result<(), JobError> {
        let Ok(slot) = self.slot(instance) else {
            return Ok(());
        };
        let held = slot.lock().await;
        let Some(server) = held.server.as_ref().filter(|_| held.settings.archiving) else {
            return Ok(());
        };
        let client = self.connect(server.port, "postgres").await?;
        recovery::seal(&client, &self.archive(instance)).await
    }

    async fn delete(&self, instance: &ResourceId, keep_archive: bool) -> Result<(), JobError> {
        if keep_archive {
            self.seal(instance).await?;
        }
        let place = self.lock_slots().remove(instance);
        if let Some(place) = place
            && let Some(server) = place.slot.lock().await.server.take()
        {
            server.abandon().await?;
        }
        files::remove(&self.home(instance))?;
        if !keep_archive {
            files::remove(&self.archive(instance))?;
        }
        Ok(())
    }

    async fn configure(
        &self,
        instance: &ResourceId,
        settings: ServerSettings,
        password: Option<(String, Password)>,
    ) -> Result<(), JobError> {
        let slot = self.slot(instance)?;
        let mut held = slot.lock().await;
        held.settings = settings;
        self.write_config(instance, &held, None)?;
        let Some(port) = held.server.as_ref().map(|server| server.port) else {
            return Ok(());
        };
        let client = self.connect(port, "postgres").await?;
        if let Some((user, password)) = &password {
            prepare::set_password(&client, user, password).await?;
        }
        admin::run(&client, &["SELECT pg_reload_conf()".to_owned()]).await.map(drop)
    }

    async fn back_up(&self, instance: &ResourceId, snapshot: SnapshotKey) -> Result<(), JobError> {
        let slot = self.slot(instance)?;
        let held = slot.lock().await;
        let data = self.home(instance).join("data");
        let to = self.snapshot(snapshot);
        let taken = match &held.server {
            Some(server) => {
                let client = self.connect(server.port, "postgres").await?;
                let major = self.binaries.major();
                backup::take(&client, major, &data, &to, self.owner).await
            }
            None => backup::copy(&data, &to, WriteAheadLog::Copied, self.owner).await,
        };
        if taken.is_err() {
            files::remove(&to)?;
        }
        taken
    }
}

fn address(port: u16) -> Address {
    Address { host: HOST.to_owned(), port }
}
