//! A replica whose storage takes its time, on a clock that only moves while everybody waits.
//!
//! Each statement is so much work, done by so many processors that share it among all that is going on: with
//! endless processors each statement just takes as long, as on storage that answers late; with two, more readers
//! than two gain nothing.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use chrono::{DateTime, Utc};
use drill::measurement::*;
use drill::ports::{Connect, ConnectError, KeyRange, MeasureError, Session, Target};

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) blocks: u32,
    /// Rows that are gone from the heap, and that its index still leads to.
    pub(crate) lost: u64,
    pub(crate) index_size_bytes: u64,
    /// What counting it gives instead of rows, from a block on.
    pub(crate) damaged_from: Option<u32>,
}

/// The replica.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) tables: BTreeMap<TableName, Table>,
    /// How many statements go on at full speed at once.
    pub(crate) processors: usize,
    /// What reading a block takes; a fifth more or less, by where it is.
    pub(crate) block_us: u64,
    /// What a statement takes beside.
    pub(crate) statement_us: u64,
    pub(crate) statement_timeout: Duration,
    /// How many sessions the server takes.
    pub(crate) sessions_max: usize,
    pub(crate) state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    now: Duration,
    /// When the invocation began, and how long it may take.
    began: Duration,
    budget: Duration,
    statements: BTreeMap<u64, Statement>,
    next: u64,
    sessions: usize,
    /// How many statements went on at once, each time that one ended.
    at_once: Vec<usize>,
    sessions_most: usize,
}

#[derive(Debug)]
struct Statement {
    left_us: f64,
    until: Duration,
    ended: Option<bool>,
    waker: Option<Waker>,
}

impl Storage {
    pub(crate) fn new(tables: impl IntoIterator<Item = (&'static str, Table)>) -> Self {
        let name = |table: &str| TableName { schema: "public".to_owned(), table: table.to_owned() };
        Self {
            tables: tables.into_iter().map(|(n, table)| (name(n), table)).collect(),
            processors: usize::MAX,
            block_us: 300,
            statement_us: 500,
            statement_timeout: Duration::from_mins(10),
            sessions_max: usize::MAX,
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an invocation that may take so long.
    pub(crate) fn invoke(&self, budget: Duration) {
        let mut state = self.state();
        (state.began, state.budget) = (state.now, budget);
        state.sessions = 0;
    }

    /// How long the invocation has run.
    pub(crate) fn elapsed(&self) -> Duration {
        let state = self.state();
        state.now.saturating_sub(state.began)
    }

    /// How many statements went on at once, each time that one ended.
    pub(crate) fn at_once(&self) -> Vec<usize> {
        self.state().at_once.clone()
    }

    /// The most sessions that were open at once.
    pub(crate) fn sessions_most(&self) -> usize {
        self.state().sessions_most
    }

    /// The rows in the first so many blocks of a heap.
    pub(crate) fn rows_before(&self, table: &TableName, block: u32) -> u64 {
        let table = &self.tables[table];
        let block = u64::from(block.min(table.blocks));
        // One, two, three, one, two, three, ….
        let all = block / 3 * 6 + [0, 1, 3][usize::try_from(block % 3).expect("it is small")];
        // What is gone is gone from the end.
        let last = u64::from(table.blocks) == block;
        all - if last { table.lost } else { 0 }
    }

    /// The rows of a heap.
    pub(crate) fn rows(&self, table: &TableName) -> u64 {
        self.rows_before(table, u32::MAX)
    }

    /// Runs to the end: whenever everybody waits, the clock moves to when something ends.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            // Somebody may just have let others go first.
            if !woken.0.swap(false, Ordering::Relaxed) {
                self.advance();
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small"
    )]
    fn advance(&self) {
        let mut state = self.state();
        let now = state.now;
        let going: Vec<u64> =
            state.statements.iter().filter(|(_, s)| s.ended.is_none()).map(|(i, _)| *i).collect();
        assert!(!going.is_empty(), "everybody waits for nothing");
        let speed = (self.processors as f64 / going.len() as f64).min(1.0);
        let ends = |s: &Statement| (s.left_us / speed).min((s.until.saturating_sub(now)).as_micros() as f64);
        let next_us = going.iter().map(|i| ends(&state.statements[i])).fold(f64::INFINITY, f64::min);
        state.now += Duration::from_micros(next_us.ceil() as u64);
        let now = state.now;
        for i in &going {
            let statement = state.statements.get_mut(i).expect("it is going");
            statement.left_us -= next_us.ceil() * speed;
            if statement.left_us <= 0.0 {
                statement.ended = Some(true);
            } else if now >= statement.until {
                statement.ended = Some(false);
            }
            if statement.ended.is_some() {
                statement.waker.take().expect("it was waited for").wake();
            }
        }
        let ended = going.iter().filter(|i| state.statements[i].ended.is_some()).count();
        state.at_once.extend(std::iter::repeat_n(going.len(), ended));
    }
}

/// Whether there is something to do without the clock.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An open session.
#[derive(Debug)]
pub(crate) struct Reader(Storage);

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.sessions = state.sessions.saturating_sub(1);
    }
}

impl Connect for Storage {
    type Session = Reader;
    async fn connect(&self, _: &Target<'_>, _: DateTime<Utc>) -> Result<Reader, ConnectError> {
        let mut state = self.state();
        if state.sessions >= self.sessions_max {
            return Err(ConnectError::Refused("too many connections".to_owned()));
        }
        state.sessions += 1;
        state.sessions_most = state.sessions_most.max(state.sessions);
        Ok(Reader(self.clone()))
    }
}

impl Reader {
    /// A statement that reads so many blocks, beginning with one.
    #[expect(clippy::cast_precision_loss, reason = "small")]
    async fn statement(&self, block: u32, blocks: u64) -> Result<(), MeasureError> {
        let storage = &self.0;
        let id = {
            let mut state = storage.state();
            let elapsed = state.now.saturating_sub(state.began);
            let allowed = storage.statement_timeout.min(state.budget.saturating_sub(elapsed));
            let uneven = 80 + u64::from(block.wrapping_mul(2_654_435_761) >> 20) % 41;
            let work = storage.statement_us + storage.block_us * blocks * uneven / 100;
            let statement =
                Statement { left_us: work as f64, until: state.now + allowed, ended: None, waker: None };
            let id = state.next;
            state.next += 1;
            state.statements.insert(id, statement);
            id
        };
        let is_in_time = poll_fn(|context| {
            let mut state = storage.state();
            let statement = state.statements.get_mut(&id).expect("it goes on");
            match statement.ended {
                None => {
                    statement.waker = Some(context.waker().clone());
                    Poll::Pending
                }
                Some(is_in_time) => {
                    state.statements.remove(&id);
                    Poll::Ready(is_in_time)
                }
            }
        })
        .await;
        let late = || MeasureError::TimedOut { reason: "57014".to_owned(), hint: "more time".to_owned() };
        is_in_time.then_some(()).ok_or_else(late)
    }

    fn blocks_of(&self, table: &TableName) -> u64 {
        self.0.tables[table].blocks.into()
    }

    fn rows_by_index(&self, table: &TableName) -> u64 {
        self.0.rows(table) + self.0.tables[table].lost
    }

    fn index_blocks(&self, table: &TableName) -> u64 {
        self.0.tables[table].index_size_bytes / 8192
    }
}

impl Session for Reader {
    async fn identity(&mut self) -> Result<ServerIdentity, MeasureError> {
        let text = |s: &str| s.to_owned();
        let (server_version, tls, role, database) =
            (text("16.4"), text("TLSv1.3"), text("drill"), text("courses"));
        Ok(ServerIdentity { server_version, tls, role, excess_rights: Vec::new(), database })
    }
    async fn activity(&mut self) -> Result<Activity, MeasureError> {
        Ok(Activity { snapshot: "761:761:".to_owned(), writes: 0 })
    }
    async fn control(&mut self) -> Result<Control, MeasureError> {
        Ok(Control { writing_failed_with: Some("25006".to_owned()), is_error_reported: true, rows: 4 })
    }
    async fn catalogue(&mut self) -> Result<Catalogue, MeasureError> {
        let tables = self.0.tables.iter().map(|(name, table)| TableEntry {
            name: name.clone(),
            heap_size_bytes: u64::from(table.blocks) * 8192,
            indexes: vec![IndexEntry {
                name: format!("{}_pkey", name.table),
                size_bytes: table.index_size_bytes,
                is_countable: true,
                is_btree: true,
            }],
            foreign_keys: Vec::new(),
        });
        let objects = ObjectKind::ALL.iter().map(|kind| (*kind, kind.per_part())).collect();
        Ok(Catalogue { tables: tables.collect(), objects, connections_free: 100, not_covered: Vec::new() })
    }
    async fn count_heap(
        &mut self,
        table: &TableName,
        blocks: Option<BlockRange>,
    ) -> Result<HeapCount, MeasureError> {
        let end = self.0.tables[table].blocks;
        let scan = if blocks.is_some() { "Tid Range Scan" } else { "Seq Scan" }.to_owned();
        let BlockRange { from, to } = blocks.unwrap_or(BlockRange { from: 0, to: None });
        let (from, to) = (from.min(end), to.unwrap_or(end).min(end));
        assert!(from <= to, "a range ends after it begins");
        self.statement(from, u64::from(to - from)).await?;
        if self.0.tables[table].damaged_from.is_some_and(|damaged| damaged < to) {
            return Err(MeasureError::Failed("invalid page (SQLSTATE XX001)".to_owned()));
        }
        Ok(HeapCount { rows: self.0.rows_before(table, to) - self.0.rows_before(table, from), scan })
    }
    async fn count_index(&mut self, table: &TableName, _: &str) -> Result<IndexCount, MeasureError> {
        self.statement(0, self.index_blocks(table)).await?;
        let rows = self.rows_by_index(table);
        Ok(IndexCount { rows, rows_of_predicate: None, blocks_without_rows: None })
    }
    async fn cut_index(
        &mut self,
        table: &TableName,
        _: &str,
        parts: usize,
    ) -> Result<Vec<KeyRange>, MeasureError> {
        self.statement(0, 0).await?;
        let rows = self.rows_by_index(table);
        let cuts: Vec<String> = (1..parts as u64).map(|i| (rows * i / parts as u64).to_string()).collect();
        let between = cuts.windows(2).map(|two| KeyRange::Between(two[0].clone(), two[1].clone()));
        let (first, last) =
            (cuts.first().cloned().unwrap_or_default(), cuts.last().cloned().unwrap_or_default());
        Ok(std::iter::once(KeyRange::Below(first)).chain(between).chain([KeyRange::From(last)]).collect())
    }
    async fn count_index_in(
        &mut self,
        table: &TableName,
        _: &str,
        keys: &KeyRange,
    ) -> Result<u64, MeasureError> {
        let key = |text: &String| text.parse::<u64>().expect("a key is a number here");
        let all = self.rows_by_index(table);
        let (from, to) = match keys {
            KeyRange::Below(to) => (0, key(to)),
            KeyRange::Between(from, to) => (key(from), key(to)),
            KeyRange::From(from) => (key(from), all),
            KeyRange::Null => (0, 0),
        };
        self.statement(0, self.index_blocks(table) * (to - from) / all.max(1)).await?;
        Ok(to - from)
    }
    async fn blocks_without_rows(&mut self, table: &TableName) -> Result<String, MeasureError> {
        self.statement(0, self.blocks_of(table)).await?;
        Ok("the last".to_owned())
    }
    async fn objects(&mut self, kind: ObjectKind, _: u32) -> Result<Vec<CatalogueObject>, MeasureError> {
        self.statement(0, 1).await?;
        // As long as the plan of the checks takes them for.
        let object = |i| CatalogueObject { name: format!("{kind} {i}"), definition: vec!["x".repeat(140)] };
        Ok((0..kind.per_part()).map(object).collect())
    }
    async fn health(&mut self, _: HealthKind) -> Result<HealthReport, MeasureError> {
        self.statement(0, 1).await?;
        Ok(HealthReport { examined: 3, ..HealthReport::default() })
    }
    async fn check_heap(&mut self, table: &TableName) -> Result<Corruption, MeasureError> {
        self.statement(0, self.blocks_of(table)).await?;
        Ok(Corruption::default())
    }
    async fn check_btree(&mut self, table: &TableName, _: &str) -> Result<Corruption, MeasureError> {
        self.statement(0, self.blocks_of(table) + self.index_blocks(table)).await?;
        Ok(Corruption::default())
    }
    async fn orphans(&mut self, _: &TableName, _: &str) -> Result<Orphans, MeasureError> {
        Ok(Orphans::default())
    }
    async fn digest(&mut self, _: &TableName, _: &DigestScope) -> Result<DigestValue, MeasureError> {
        let whole = RowDigest { rows: 1, digest: "d0".to_owned() };
        Ok(DigestValue { method: "m1".to_owned(), until: None, whole, newest: None })
    }
    async fn newest(&mut self, table: &TableName, _: &str) -> Result<Option<DateTime<Utc>>, MeasureError> {
        self.statement(0, self.blocks_of(table)).await?;
        Ok(None)
    }
    async fn own_query(&mut self, _: &str) -> Result<Option<String>, MeasureError> {
        self.statement(0, 1).await?;
        Ok(Some("0".to_owned()))
    }
}
