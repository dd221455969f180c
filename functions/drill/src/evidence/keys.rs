//! Where things lie in the evidence bucket.

use crate::ids::{DrillId, SourceId};

/// The configuration of a source.
pub fn configuration(source: &SourceId) -> String {
    format!("config/{source}.toml")
}
/// The folder of a source's drills; their ids below it sort by time.
pub fn drills(source: &SourceId) -> String {
    format!("drills/{source}/")
}
/// Who carries the drill out: written once, before anything else.
pub fn claim(drill: &DrillId) -> String {
    in_drill(drill, "claim.json")
}
/// What one invocation measured of a shard; parts count from 0.
pub fn measurements(drill: &DrillId, shard: usize, part: u32) -> String {
    in_drill(drill, &format!("measurements/{shard:03}-{part}.json"))
}
/// The catalogue's objects.
pub fn catalogue(drill: &DrillId) -> String {
    in_drill(drill, "catalogue.json")
}
/// The record as it was judged.
pub fn verdict(drill: &DrillId) -> String {
    in_drill(drill, "verdict.json")
}
/// That this product asked the replica to stop, and when.
pub fn stop(drill: &DrillId) -> String {
    in_drill(drill, "stop.json")
}
/// The record as it ended.
pub fn evidence(drill: &DrillId) -> String {
    in_drill(drill, "evidence.json")
}
/// The report for people.
pub fn report(drill: &DrillId) -> String {
    in_drill(drill, "report.html")
}
fn in_drill(drill: &DrillId, name: &str) -> String {
    format!("drills/{}/{drill}/{name}", drill.source())
}
