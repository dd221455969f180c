//! Names, and what they are read back as: of drills, replicas, records, executions, snapshots.

use std::sync::LazyLock;

use drill::backup::Snapshot;
use drill::evidence::keys;
use drill::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SnapshotId, SourceId};

use crate::calendar;
use crate::state::{Data, NIGHTS_MAX};

/// The deployment.
pub static DEPLOYMENT: LazyLock<Deployment> =
    LazyLock::new(|| Deployment::parse("main").expect("a deployment's name"));
/// Production.
pub static SOURCE: LazyLock<SourceId> =
    LazyLock::new(|| SourceId::parse("courses").expect("a source's name"));
/// Somebody else's production, whose name begins as those of this deployment's replicas do.
pub const LOOK_ALIKE: &str = "drill-main-app";
/// Another production, made by hand from a snapshot of a replica of last month: RDS copied the tags.
pub const COPY: &str = "courses-north";

/// The most weeks of a model, the first included.
pub const WEEKS_MAX: usize = 3;

/// What follows from a night and its week, made once: it is asked for all the time.
pub(super) struct Names {
    pub(super) drill: DrillId,
    pub(super) replica: ReplicaId,
    pub(super) claim: String,
    pub(super) verdict: String,
    pub(super) stop: String,
    pub(super) evidence: String,
}

static NAMES: LazyLock<Vec<Names>> = LazyLock::new(|| {
    let count = u8::try_from(WEEKS_MAX * NIGHTS_MAX).expect("few nights");
    let nights = u8::try_from(NIGHTS_MAX).expect("few nights");
    let name = |i: u8| {
        let drill = DrillId::of(&SOURCE, calendar::scheduled(i / nights, i % nights));
        let drill = drill.expect("the source's name leaves room for a time");
        Names {
            replica: ReplicaId::of(&DEPLOYMENT, &drill),
            claim: keys::claim(&drill),
            verdict: keys::verdict(&drill),
            stop: keys::stop(&drill),
            evidence: keys::evidence(&drill),
            drill,
        }
    };
    (0..count).map(name).collect()
});

pub(super) fn names(night: u8, week: u8) -> &'static Names {
    &NAMES[usize::from(week) * NIGHTS_MAX + usize::from(night)]
}

/// The ARN of an execution.
pub fn arn(exec: usize) -> String {
    format!("arn:aws:states:eu-central-1:123456789012:execution:restore-drill:{exec}")
}

/// The execution of an ARN.
pub fn exec_of(arn: &str) -> Option<usize> {
    arn.rsplit(':').next()?.parse().ok()
}

/// The identity of the replica in a slot, or of production.
pub fn resource_id(slot: Option<u8>) -> DbiResourceId {
    let text = slot.map_or("db-SOURCE".to_owned(), |slot| format!("db-R{slot}"));
    DbiResourceId::parse(&text).expect("a DbiResourceId")
}

/// The slot of an identity.
pub fn slot_of(id: &DbiResourceId) -> Option<u8> {
    id.as_str().strip_prefix("db-R")?.parse().ok()
}

/// The snapshot that a restore takes: of which source, and with which data.
pub fn snapshot_id(source: Option<u8>, data: Data) -> SnapshotId {
    let of = source.map_or("courses".to_owned(), |slot| format!("promoted{slot}"));
    let text = match data {
        Data::Backup { week, night } => format!("rds:{of}-{week}-{night}"),
        Data::LastMonth => "last-month".to_owned(),
    };
    SnapshotId::parse(&text).expect("a snapshot id")
}

/// Reads back what [`snapshot_id`] wrote: the source and the data.
pub fn snapshot_of(id: &SnapshotId) -> (Option<u8>, Data) {
    let Some(automated) = id.as_str().strip_prefix("rds:") else { return (None, Data::LastMonth) };
    let mut parts = automated.split('-');
    let source = parts.next().and_then(|of| of.strip_prefix("promoted")?.parse().ok());
    let mut number =
        || parts.next().and_then(|number| number.parse().ok()).expect("a snapshot's week and night");
    (source, Data::Backup { week: number(), night: number() })
}

/// A snapshot.
pub fn snapshot(id: &SnapshotId) -> Snapshot {
    let (source, data) = snapshot_of(id);
    let data_at = calendar::data_at(data);
    Snapshot {
        id: id.clone(),
        resource_id: resource_id(source),
        instance_id: SOURCE.to_string(),
        snapshot_type: if data == Data::LastMonth { "manual" } else { "automated" }.to_owned(),
        status: "available".to_owned(),
        created_at: Some(data_at),
        database_at: Some(data_at),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        storage_type: None,
        allocated_storage_gib: 100,
    }
}
