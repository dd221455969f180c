//! Which measurements a drill makes, and how they are shared out among the workers.
//!
//! The same catalogue and configuration give the same plan, wherever it is computed.

use sha2::{Digest, Sha256};

use super::{Catalogue, Unit};
use crate::configuration::Configuration;

/// Every measurement of a drill, in an order that anybody recomputes from the same catalogue and
/// configuration, so that the plan itself never travels through the state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPlan {
    /// What to measure.
    pub units: Vec<Unit>,
    /// The shard of each unit.
    shard_of: Vec<usize>,
    /// How many shards there are.
    pub shard_count: usize,
    /// Digest of the units, see [`digest_of`].
    pub digest: String,
}

/// The most shards of one drill: about 1,500 events of Step Functions' 25,000 in a history.
pub const SHARDS_MAX: usize = 120;
/// The most units of one shard, so that its result stays below Step Functions' 256 KiB beside the plan:
/// 100 units with names of 126 bytes, and two reasons and hints of 240 bytes each.
pub const UNITS_PER_SHARD_MAX: usize = 100;
/// A shard takes tables until it reads this much: at 100 MB/s of cold storage about 80 seconds.
const SHARD_SIZE_BYTES: u64 = 8 << 30;

impl CheckPlan {
    /// Plans the measurements: the identity, each table, each query; and shares them out by size.
    pub fn of(catalogue: &Catalogue, configuration: &Configuration) -> Self {
        let mut units = vec![Unit::Identity];
        let mut sizes = vec![0];
        for entry in &catalogue.tables {
            let rules = configuration.rules_for(&entry.name.to_string());
            units.push(Unit::Table { table: entry.name.clone(), newest_of: rules.fresh.map(|f| f.column) });
            sizes.push(entry.heap_size_bytes);
        }
        for query in &configuration.queries {
            units.push(Unit::Query { name: query.name.clone() });
            sizes.push(0);
        }
        let shard_count = shard_count(units.len(), sizes.iter().sum());
        let shard_of = share_out(&sizes, shard_count);
        let digest = digest_of(&units);
        Self { units, shard_of, shard_count, digest }
    }

    /// The units of one shard.
    pub fn shard(&self, shard: usize) -> impl Iterator<Item = &Unit> {
        self.units.iter().zip(&self.shard_of).filter(move |(_, s)| **s == shard).map(|(unit, _)| unit)
    }
}

/// SHA-256 of the units in an order of their own: two workers with the same digest look at the same
/// catalogue, and measurements with the digest of the plan are of each of its units exactly once.
pub fn digest_of(units: &[Unit]) -> String {
    let mut units: Vec<&Unit> = units.iter().collect();
    units.sort_unstable();
    let text = serde_json::to_string(&units).expect("units are plain text and always serialize");
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

fn shard_count(units: usize, size_bytes: u64) -> usize {
    let by_size = usize::try_from(size_bytes.div_ceil(SHARD_SIZE_BYTES)).unwrap_or(SHARDS_MAX);
    // A few shards even of a small database, so that its tables are read side by side.
    by_size.max(units.div_ceil(UNITS_PER_SHARD_MAX / 2)).clamp(1, SHARDS_MAX).max(units.min(4))
}

/// Gives each unit to the shard with the least to read so far, largest units first.
fn share_out(sizes: &[u64], shard_count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(sizes[i]), i));
    let mut load = vec![(0_u64, 0_usize); shard_count];
    let mut shard_of = vec![0; sizes.len()];
    for i in order {
        let lightest = (0..shard_count)
            .filter(|&s| load[s].1 < UNITS_PER_SHARD_MAX)
            .min_by_key(|&s| (load[s], s))
            .unwrap_or(0);
        // A table costs something even when it is empty: a statement each way.
        load[lightest].0 += sizes[i] + 8192;
        load[lightest].1 += 1;
        shard_of[i] = lightest;
    }
    shard_of
}
