//! Which measurements a drill makes, and how they are shared out among the workers.
//!
//! The same catalogue and configuration give the same plan, wherever it is computed.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{BlockRange, Catalogue, DigestScope, HealthKind, ObjectKind, TableEntry, TableName, Unit};
use crate::configuration::{Configuration, Level};

/// Every measurement of a drill, in an order that anybody recomputes from the same catalogue and
/// configuration, so that the plan itself never travels through the state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPlan {
    /// What to measure.
    pub units: Vec<Unit>,
    /// The first unit of each shard. Follows from the sizes of tables, which maintenance changes between two
    /// looks: so it is made once, by who plans the checks, and handed to the workers.
    pub cuts: Vec<usize>,
    /// How many shards there are.
    pub shard_count: usize,
    /// Digest of the units, see [`digest_of`].
    pub digest: String,
}

/// The most shards of one drill.
pub const SHARDS_MAX: usize = 120;
/// The most invocations that one shard is measured in: what doesn't fit the time or the answer of one goes
/// on in the next.
pub const PARTS_PER_SHARD_MAX: u32 = 5;
/// What an invocation measured travels once through Step Functions, beside the plan; it ends when its answer
/// is this long. With the longest plan both stay below 256 KiB.
pub const RESULT_SIZE_MAX_BYTES: usize = 64 << 10;
/// A table with more blocks is counted in pieces of this many, which different workers read: 8 GiB, at
/// 100 MB/s of cold storage 80 seconds.
pub const PIECE_BLOCKS: u32 = 1 << 20;
/// How many objects of the catalogue are read at once.
pub const OBJECTS_PER_PART: u32 = 50;

/// The longest definition of an object, all its lines together, and the longest line of a difference.
pub const OBJECT_TEXT_MAX_BYTES: usize = 300;
/// The longest newest value of a `history` column, as PostgreSQL prints it; a longer one is not measured.
pub const MARK_MAX_BYTES: usize = 64;

const BLOCK_SIZE_BYTES: u64 = 8192;
/// A table from this size on is looked at by several workers at level deep.
const LARGE_SIZE_BYTES: u64 = 1 << 30;
const SHARD_SIZE_BYTES: u64 = 8 << 30;
/// What a measurement takes in a result: names, numbers, JSON around them.
const RESULT_SIZE_BYTES: usize = 260;
/// What an object of the catalogue takes.
const OBJECT_SIZE_BYTES: usize = 200;

/// Units that go to one worker, because one reads what the other has just read.
struct Group {
    units: Vec<Unit>,
    size_bytes: u64,
    /// What its results take, at a guess.
    result_size_bytes: usize,
}

impl CheckPlan {
    /// Plans the measurements: what the level asks for, and shares them out by size. `marks` are the newest
    /// values of the baseline's `history` columns, by table.
    pub fn of(
        catalogue: &Catalogue,
        configuration: &Configuration,
        marks: &BTreeMap<String, String>,
    ) -> Self {
        let mut groups = vec![Group::of(vec![Unit::Identity, Unit::Control], 0)];
        for entry in &catalogue.tables {
            groups.extend(of_table(entry, configuration, marks));
        }
        if configuration.level >= Level::Standard {
            groups.extend(of_catalogue(catalogue));
        }
        groups.extend(
            configuration.queries.iter().map(|q| Group::alone(Unit::Query { name: q.name.clone() }, 0)),
        );
        let cuts = cut(&groups, shard_count(&groups));
        let units: Vec<Unit> = groups.into_iter().flat_map(|group| group.units).collect();
        let digest = digest_of(&units);
        Self { shard_count: cuts.len(), units, cuts, digest }
    }

    /// The plan with the shards as somebody else cut them; `None` when they don't fit its units.
    pub fn with_cuts(self, cuts: Vec<usize>) -> Option<Self> {
        let fits = cuts.first() == Some(&0)
            && cuts.is_sorted_by(|a, b| a < b)
            && cuts.last().is_some_and(|last| *last < self.units.len());
        fits.then_some(Self { shard_count: cuts.len(), cuts, ..self })
    }

    /// The units of one shard, in the order in which they are measured.
    pub fn shard(&self, shard: usize) -> impl Iterator<Item = &Unit> {
        let next = shard.checked_add(1).and_then(|next| self.cuts.get(next));
        let end = next.copied().unwrap_or(self.units.len());
        let from = self.cuts.get(shard).copied().unwrap_or(end);
        self.units[from..end].iter()
    }
}

/// What is measured of a table: its rows first, as that loads its blocks from the backup's storage.
fn of_table(
    entry: &TableEntry,
    configuration: &Configuration,
    marks: &BTreeMap<String, String>,
) -> Vec<Group> {
    let table = &entry.name;
    let rules = configuration.rules_for(&table.to_string());
    let mut alone: Vec<(Unit, u64)> = Vec::new();
    if let Some(fresh) = rules.fresh {
        alone.push((Unit::Newest { table: table.clone(), column: fresh.column }, 0));
    }
    let index_unit = |name: &String| (table.clone(), name.clone());
    if configuration.level >= Level::Standard {
        alone.extend(entry.indexes.iter().filter(|i| i.is_countable).map(|i| {
            let (table, index) = index_unit(&i.name);
            (Unit::Index { table, index }, i.size_bytes)
        }));
    }
    if configuration.level >= Level::Deep {
        alone.push((Unit::Heap { table: table.clone() }, entry.heap_size_bytes));
        alone.extend(entry.indexes.iter().filter(|i| i.is_btree).map(|i| {
            let (table, index) = index_unit(&i.name);
            (Unit::Btree { table, index }, i.size_bytes.saturating_add(entry.heap_size_bytes))
        }));
        alone.extend(entry.foreign_keys.iter().map(|key| {
            let (table, constraint) = index_unit(&key.name);
            (Unit::ForeignKey { table, constraint }, entry.heap_size_bytes)
        }));
        let scope = if rules.frozen == Some(true) {
            Some(DigestScope::Frozen)
        } else {
            rules
                .history
                .map(|column| DigestScope::History { column, until: marks.get(&table.to_string()).cloned() })
        };
        alone
            .extend(scope.map(|scope| (Unit::Digest { table: table.clone(), scope }, entry.heap_size_bytes)));
    }
    // The deep look at a large table is several reads of all of it, which other workers can make meanwhile.
    let is_deep = |unit: &Unit| {
        matches!(unit, Unit::Heap { .. } | Unit::Btree { .. } | Unit::ForeignKey { .. } | Unit::Digest { .. })
    };
    let is_apart = |unit: &Unit| entry.heap_size_bytes >= LARGE_SIZE_BYTES && is_deep(unit);
    let (apart, alone): (Vec<_>, Vec<_>) = alone.into_iter().partition(|(unit, _)| is_apart(unit));
    let apart = apart.into_iter().map(|(unit, size)| Group::alone(unit, size));
    let pieces = pieces(table, entry.heap_size_bytes);
    if let [whole] = pieces.as_slice() {
        let size_bytes = entry.heap_size_bytes + alone.iter().map(|(_, size)| size).sum::<u64>();
        let units = std::iter::once(whole.clone()).chain(alone.into_iter().map(|(unit, _)| unit)).collect();
        return std::iter::once(Group::of(units, size_bytes)).chain(apart).collect();
    }
    let piece_size = u64::from(PIECE_BLOCKS) * BLOCK_SIZE_BYTES;
    pieces
        .into_iter()
        .map(|unit| Group::alone(unit, piece_size))
        .chain(alone.into_iter().map(|(unit, size)| Group::alone(unit, size)))
        .chain(apart)
        .collect()
}

/// The rows of a table, in pieces when it is large. The last has no end, so that nothing is left out.
fn pieces(table: &TableName, heap_size_bytes: u64) -> Vec<Unit> {
    let blocks = heap_size_bytes.div_ceil(BLOCK_SIZE_BYTES);
    let count = u32::try_from(blocks.div_ceil(PIECE_BLOCKS.into())).unwrap_or(u32::MAX / PIECE_BLOCKS).max(1);
    let of = |piece: u32| BlockRange {
        from: piece * PIECE_BLOCKS,
        to: (piece + 1 < count).then(|| (piece + 1) * PIECE_BLOCKS),
    };
    (0..count).map(|i| Unit::Rows { table: table.clone(), blocks: (count > 1).then(|| of(i)) }).collect()
}

fn of_catalogue(catalogue: &Catalogue) -> Vec<Group> {
    let health = HealthKind::ALL.iter().map(|kind| Group::alone(Unit::Health { kind: *kind }, 0));
    let objects = ObjectKind::ALL.iter().flat_map(|kind| {
        // One part even of none: that there is none is a measurement too.
        let count = catalogue.objects.get(kind).copied().unwrap_or(0);
        let per_part = kind.per_part();
        (0..count.div_ceil(per_part).max(1)).map(move |part| {
            let objects = count.saturating_sub(part * per_part).min(per_part);
            let result_size_bytes = RESULT_SIZE_BYTES + objects as usize * OBJECT_SIZE_BYTES;
            Group { result_size_bytes, ..Group::alone(Unit::Objects { kind: *kind, part }, 0) }
        })
    });
    health.chain(objects).collect()
}

impl Group {
    fn of(units: Vec<Unit>, size_bytes: u64) -> Self {
        let result_size_bytes = units.len() * RESULT_SIZE_BYTES;
        Self { units, size_bytes, result_size_bytes }
    }

    fn alone(unit: Unit, size_bytes: u64) -> Self {
        Self::of(vec![unit], size_bytes)
    }
}

/// SHA-256 of the units in an order of their own: two workers with the same digest look at the same
/// catalogue, and measurements with the digest of the plan are of each of its units exactly once.
pub fn digest_of<'a>(units: impl IntoIterator<Item = &'a Unit>) -> String {
    let mut units: Vec<&Unit> = units.into_iter().collect();
    units.sort_unstable();
    let text = serde_json::to_string(&units).expect("units are plain text and always serialize");
    sha256(&text)
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

fn shard_count(groups: &[Group]) -> usize {
    let size_bytes: u64 = groups.iter().map(|g| g.size_bytes).sum();
    let results: usize = groups.iter().map(|g| g.result_size_bytes).sum();
    let by_size = usize::try_from(size_bytes.div_ceil(SHARD_SIZE_BYTES)).unwrap_or(SHARDS_MAX);
    // A few shards even of a small database, so that its tables are read side by side.
    by_size.max(results.div_ceil(RESULT_SIZE_MAX_BYTES)).max(groups.len().min(4)).clamp(1, SHARDS_MAX)
}

/// Cuts the groups, as they stand, into shards with about as much to do each. A group is never cut.
fn cut(groups: &[Group], shard_count: usize) -> Vec<usize> {
    // A unit costs something even when it is empty: a statement each way, and its place in the result.
    let load_of = |group: &Group| {
        let result = group.result_size_bytes as u64 * (SHARD_SIZE_BYTES / RESULT_SIZE_MAX_BYTES as u64);
        group.size_bytes.max(result / 64) + 8192
    };
    let mut left: u64 = groups.iter().map(load_of).sum();
    let (mut cuts, mut load, mut unit) = (vec![0], 0, 0);
    for group in groups {
        let own = load_of(group);
        let shards_left = (shard_count + 1 - cuts.len()).max(1) as u64;
        // Of what this shard and those after it have to do, its share; half of a group may be too much.
        let is_full = load > 0 && load + own / 2 > (left + load) / shards_left;
        if is_full && cuts.len() < shard_count {
            cuts.push(unit);
            load = 0;
        }
        load += own;
        left -= own;
        unit += group.units.len();
    }
    cuts
}
