//! An instance that a drill restored, and what became of it.

/// A status of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// There never was one.
    Absent,
    /// `creating`
    Creating,
    /// `available`
    Available,
    /// `stopping`
    Stopping,
    /// `stopped`
    Stopped,
    /// A terminal status.
    Failed,
    /// `deleting`
    Deleting,
    /// It was deleted.
    Gone,
}

/// The name that an instance bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Name {
    /// The one that follows from its drill.
    OfItsDrill,
    /// A name that a person gave it.
    Kept,
    /// The name of production, which a person gave it after production was lost.
    OfSource,
}

/// How an instance came to be stopped the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoppedBy {
    /// This product asked for it.
    Us,
    /// A person, within two hours of our own stop: RDS can't tell the two apart.
    PersonSoon,
    /// A person, later.
    Person,
}

/// The last stop of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stopped {
    /// Who stopped it.
    pub by: StoppedBy,
    /// The week.
    pub week: u8,
    /// The hour.
    pub hour: u8,
}

/// Who started an instance the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartedBy {
    /// Its restore.
    Restore,
    /// AWS, after 7 days.
    Aws,
    /// A person.
    Person,
}

/// How far a person has come in making an instance production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promotion {
    /// Nobody promotes it.
    None,
    /// It is production, and its tags are as they were: a naive rule does that.
    Unmarked,
    /// It carries the hold and the mark of a promotion beside our tags.
    Begun,
    /// It is production: of our tags none are left.
    Done,
}

/// The data that were restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Data {
    /// Of the automated backup that was the newest in that week, an hour before that night.
    Backup {
        /// The week.
        week: u8,
        /// The night.
        night: u8,
    },
    /// Of last month's snapshot.
    LastMonth,
}

/// An instance that a drill restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not, whatever the others are")]
pub struct Replica {
    /// Its status.
    pub status: Status,
    /// The night of its drill, by its tag.
    pub night: u8,
    /// Its name.
    pub name: Name,
    /// Its data, by its tag.
    pub data: Data,
    /// Which instance was its source, by its tag: a slot, where a promoted replica was; else production.
    pub source: Option<u8>,
    /// The week in which it was restored.
    pub week: u8,
    /// Whether it carries the tag `restore-drill:hold`.
    pub is_held: bool,
    /// How far its promotion is.
    pub promotion: Promotion,
    /// Who started it the last time.
    pub started_by: StartedBy,
    /// The week in which it was started.
    pub started: u8,
    /// The last stop.
    pub stopped: Option<Stopped>,
    /// Whether this product has stopped it. Until then it is its drill's, whoever stops and starts it meanwhile.
    pub was_stopped: bool,
    /// Whether it has been stopped since it was verified.
    pub has_stood: bool,
    /// Whether a person made it, and RDS copied our tags.
    pub is_foreign: bool,
}

impl Replica {
    /// No instance.
    pub const NONE: Self = Self {
        status: Status::Absent,
        night: 0,
        name: Name::OfItsDrill,
        data: Data::LastMonth,
        source: None,
        week: 0,
        is_held: false,
        promotion: Promotion::None,
        started_by: StartedBy::Restore,
        started: 0,
        stopped: None,
        was_stopped: false,
        has_stood: false,
        is_foreign: false,
    };

    /// Whether RDS has it.
    pub fn exists(&self) -> bool {
        !matches!(self.status, Status::Absent | Status::Gone)
    }

    /// Whether it is there and isn't being deleted.
    pub fn is_alive(&self) -> bool {
        self.exists() && self.status != Status::Deleting
    }

    /// Whether a person has shown that this replica is theirs by now, to the drill of a night or to a sweep.
    pub fn is_protected_from(&self, night: Option<u8>) -> bool {
        let is_used = match self.status {
            Status::Stopped => self.stopped.is_some_and(|s| s.by == StoppedBy::Person),
            _ => self.started_by == StartedBy::Person,
        };
        let is_under_way = night == Some(self.night) && !self.was_stopped;
        let is_promoted = self.promotion != Promotion::None;
        self.is_held || is_promoted || self.name != Name::OfItsDrill || (is_used && !is_under_way)
    }
}
