//! The nights of the examples: a course platform whose backups are drilled at 3 AM, three in a row.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use drill::backup::Snapshot;
use drill::ids::{DbiResourceId, SnapshotId};
use drill::instance::{Instance, InstanceStatus};
use serde_json::{Value, json};

use crate::database::{Database, table};
use crate::machine::{Ran, run};
use crate::world::World;

const CONFIGURATION: &str = r#"
source = "courses-prod"

[replica]
instance_class = "db.t4g.medium"
subnet_group = "restore-drill"
security_groups = ["sg-0a1b2c3d4e5f60718"]
parameter_group = "restore-drill-postgres17"

[database]
name = "courses"

[defaults]
max_drop = 0.05

[tables."public.courses_answer"]
min_rows = 1_900_000
fresh = { column = "created_at", within = "24h" }

[[queries]]
name = "no orphaned answers"
sql = "SELECT count(*) FROM courses_answer a LEFT JOIN courses_enrolment e ON e.id = a.enrolment_id WHERE e.id IS NULL"
equals = 0
"#;

/// The three nights.
pub(crate) struct Nights {
    /// The first of the source: no baseline, no earlier restore.
    pub(crate) first: Ran,
    /// The second, verified too: the one that the examples show.
    pub(crate) usual: Ran,
    /// The third, whose replica ends in `incompatible-network`.
    pub(crate) broken: Ran,
    /// The input of the second's execution.
    pub(crate) input: Value,
}

pub(crate) static NIGHTS: LazyLock<Nights> = LazyLock::new(|| {
    let mut world = World::new(source(), CONFIGURATION);
    let first = night(&world, 20).1;
    let (input, usual) = night(&world, 21);
    world.restores_to = InstanceStatus::IncompatibleNetwork;
    let broken = night(&world, 22).1;
    Nights { first, usual, broken, input }
});

fn night(world: &World, day: u32) -> (Value, Ran) {
    let text = format!("2026-11-{day}T03:00:00Z");
    let scheduled_at: DateTime<Utc> = text.parse().expect("a time");
    world.set_now(scheduled_at + TimeDelta::milliseconds(2417));
    // The fields in the order of their names, which is the order of JSON without features.
    let input = json!({
        "backup": "latest",
        "keep": null,
        "requested_by": null,
        "scheduled_at": text,
        "source": "courses-prod",
        "trigger": "schedule",
    });
    let ran = run(world, &format!("courses-prod-202611{day}t030000z"), &input);
    (input, ran)
}

fn source() -> Instance {
    Instance {
        id: "courses-prod".to_owned(),
        resource_id: DbiResourceId::parse("db-H6LZ3YQJW8KN5RTXV4BMC2PD7G").expect("a DbiResourceId"),
        status: InstanceStatus::Available,
        tags: [("environment".to_owned(), "production".to_owned())].into(),
        endpoint: None,
        engine: "postgres".to_owned(),
        engine_version: "17.4".to_owned(),
        created_at: None,
        automatic_restart_at: None,
        instance_class: "db.r7g.large".to_owned(),
        allocated_storage_gib: 100,
        deletion_protection: true,
    }
}

/// The automated backup of 2 AM.
pub(crate) fn last_snapshot(now: DateTime<Utc>, of: &DbiResourceId) -> Snapshot {
    let id = format!("rds:courses-prod-{}-02-03", now.format("%Y-%m-%d"));
    let begun_at: DateTime<Utc> = now.format("%Y-%m-%dT02:03:41Z").to_string().parse().expect("a time");
    Snapshot {
        id: SnapshotId::parse(&id).expect("a snapshot's id"),
        resource_id: of.clone(),
        instance_id: "courses-prod".to_owned(),
        snapshot_type: "automated".to_owned(),
        status: "available".to_owned(),
        created_at: Some(begun_at),
        database_at: Some(begun_at - TimeDelta::seconds(4)),
        engine: "postgres".to_owned(),
        engine_version: "17.4".to_owned(),
        storage_type: Some("gp3".to_owned()),
        allocated_storage_gib: 100,
    }
}

/// The database of the replica.
pub(crate) fn database() -> Database {
    let mut database = Database::new();
    "17.4".clone_into(&mut database.identity.server_version);
    database.newest = Ok(Some("2026-11-21T02:01:12Z".parse().expect("a time")));
    database.tables.insert(table("courses_enrolment"), (Ok(48_310), 12 << 20));
    database.not_covered = vec!["1 large object".to_owned()];
    database
}
