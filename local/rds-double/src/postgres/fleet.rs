//! The servers that the control plane sees: begins its jobs in the background and remembers how
//! they stand.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OnceCell};

use super::admin::{self, Rows};
use super::backup;
use super::files::{self, WriteAheadLog};
use super::server::Server;
use super::{Binaries, Doing, JobError, Owner, prepare};
use crate::certificates::Authority;
use crate::model::{DatabaseFault, Job, JobId, Progress, ResourceId, ServerSettings, Servers};

/// How members of `rds_iam` are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IamAuthentication {
    /// Without proof, over TLS.
    Trusted,
    /// By a token, which the double verifies behind this LDAP port.
    Verified {
        /// The port on 127.0.0.1.
        ldap_port: u16,
    },
}

/// One server's place: its port is known while the rest is in use.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) port: u16,
    pub(super) slot: Arc<AsyncMutex<Slot>>,
}

/// What the double knows of one server.
pub(super) struct Slot {
    pub(super) server: Option<Server>,
    pub(super) port: u16,
    pub(super) settings: ServerSettings,
    pub(super) fault: Option<DatabaseFault>,
}

/// All servers of the double. Clones are the same fleet.
#[derive(Clone)]
pub struct Fleet(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) binaries: Binaries,
    pub(super) owner: Owner,
    pub(super) state: PathBuf,
    pub(super) authority: Authority,
    pub(super) stranger: Authority,
    pub(super) iam: IamAuthentication,
    template: OnceCell<PathBuf>,
    slots: Mutex<BTreeMap<ResourceId, Place>>,
    jobs: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    begun: u64,
    standing: HashMap<JobId, Progress>,
}

impl Fleet {
    /// A fleet without servers, in an empty state directory.
    ///
    /// # Errors
    /// If directories can't be made.
    pub fn new(
        binaries: Binaries,
        owner: Owner,
        state: PathBuf,
        authorities: (Authority, Authority),
        iam: IamAuthentication,
    ) -> Result<Self, JobError> {
        let (authority, stranger) = authorities;
        let fleet = Self(Arc::new(Inner {
            binaries,
            owner,
            state,
            authority,
            stranger,
            iam,
            template: OnceCell::new(),
            slots: Mutex::default(),
            jobs: Mutex::default(),
        }));
        for name in ["instances", "snapshots", "archives", "sockets"] {
            files::make_directory(&fleet.0.state.join(name), owner)?;
        }
        Ok(fleet)
    }

    /// Runs scripts as the administrator and gives the rows of the last statement.
    ///
    /// # Errors
    /// `NotRunning`, `Sql`.
    pub async fn run_sql(
        &self,
        instance: &ResourceId,
        database: &str,
        scripts: &[String],
    ) -> Result<Rows, JobError> {
        let slot = self.0.slot(instance)?;
        // Not held while the scripts run: a backup may be taken meanwhile, as in life.
        let port = {
            let slot = slot.lock().await;
            slot.server.as_ref().map(|server| server.port)
        };
        let port = port.ok_or_else(|| JobError::NotRunning(instance.to_string()))?;
        let client = self.0.connect(port, database).await?;
        admin::run(&client, scripts).await
    }

    /// Ends all servers.
    pub async fn end(&self) {
        let slots = self.0.lock_slots().clone();
        let mut ends = Vec::new();
        for place in slots.into_values() {
            ends.push(tokio::spawn(async move {
                if let Some(server) = place.slot.lock().await.server.take() {
                    // Its keeper ends it in any case when the double is gone.
                    let _ = server.abandon().await;
                }
            }));
        }
        for end in ends {
            let _ = end.await;
        }
    }
}

impl Servers for Fleet {
    fn begin(&mut self, job: Job) -> JobId {
        let id = {
            let mut jobs = self.0.lock_jobs();
            jobs.begun += 1;
            let id = JobId(jobs.begun);
            jobs.standing.insert(id, Progress::Running);
            id
        };
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let shared = Arc::clone(&inner);
            // In a task of its own, so that a panic is a failed job and not one without end.
            let done = tokio::spawn(async move { shared.perform(job).await }).await;
            let progress = match done {
                Ok(Ok(address)) => Progress::Done(address),
                Ok(Err(error)) => Progress::Failed(error.to_string()),
                Err(error) => Progress::Failed(error.to_string()),
            };
            inner.lock_jobs().standing.insert(id, progress);
        });
        id
    }

    fn progress(&mut self, id: JobId) -> Progress {
        let mut jobs = self.0.lock_jobs();
        match jobs.standing.get(&id) {
            Some(Progress::Running) => Progress::Running,
            Some(_) => jobs.standing.remove(&id).unwrap_or(Progress::Running),
            None => Progress::Failed("this job is not known".into()),
        }
    }
}

impl Inner {
    fn lock_jobs(&self) -> std::sync::MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock_slots(&self) -> std::sync::MutexGuard<'_, BTreeMap<ResourceId, Place>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn slot(&self, instance: &ResourceId) -> Result<Arc<AsyncMutex<Slot>>, JobError> {
        let found = self.lock_slots().get(instance).map(|place| Arc::clone(&place.slot));
        found.ok_or_else(|| JobError::NotRunning(instance.to_string()))
    }

    pub(super) fn home(&self, instance: &ResourceId) -> PathBuf {
        self.state.join("instances").join(instance.as_str())
    }

    pub(super) fn archive(&self, instance: &ResourceId) -> PathBuf {
        self.state.join("archives").join(instance.as_str())
    }

    pub(super) fn sockets(&self) -> PathBuf {
        self.state.join("sockets")
    }

    pub(super) async fn connect(
        &self,
        port: u16,
        database: &str,
    ) -> Result<tokio_postgres::Client, JobError> {
        admin::connect(&self.sockets(), port, database)
            .await
            .doing(|| format!("connecting to the database {database}"))
    }

    /// Puts an empty cluster in place. The first is made; the others are copies of it.
    pub(super) async fn lay_empty_cluster(&self, data: &Path) -> Result<(), JobError> {
        let template = self
            .template
            .get_or_try_init(|| async {
                let path = self.state.join("template");
                prepare::initialise(&self.binaries, self.owner, &path).await?;
                Ok::<_, JobError>(path)
            })
            .await?;
        backup::copy(template, data, WriteAheadLog::Copied, self.owner).await
    }
}
