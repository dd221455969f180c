//! What runs side by side, on one thread and a virtual clock: the seed decides who goes first when two are
//! due at one instant.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use chrono::{DateTime, TimeDelta, Utc};

use crate::dice::Dice;

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// The virtual clock. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    timers: Arc<Mutex<Timers>>,
    ready: Ready,
}

/// The tasks that are to be polled now, in their order.
type Ready = Arc<Mutex<VecDeque<u64>>>;

#[derive(Debug)]
struct Timers {
    now: DateTime<Utc>,
    /// The task that is being polled.
    current: u64,
    due: BinaryHeap<Due>,
    dice: Dice,
}

/// Somebody to be woken.
#[derive(Debug)]
struct Due {
    at: DateTime<Utc>,
    /// The seed's order among those of one instant.
    order: u64,
    waker: Waker,
}

impl Ord for Due {
    /// The earliest is the greatest: it comes first out of the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

/// Puts a task among those that are to be polled.
struct TaskWaker {
    task: u64,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.lock().expect("nobody panicked while holding it").push_back(self.task);
    }
}

impl Clock {
    pub(crate) fn new(now: DateTime<Utc>, dice: Dice) -> Self {
        let timers = Timers { now, current: 0, due: BinaryHeap::new(), dice };
        Self { timers: Arc::new(Mutex::new(timers)), ready: Ready::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Timers) -> T) -> T {
        look(&mut self.timers.lock().expect("nobody panicked while holding it"))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.with(|t| t.now)
    }

    /// The task that is being polled.
    pub(crate) fn current(&self) -> u64 {
        self.with(|t| t.current)
    }

    fn waker(&self, task: u64) -> Waker {
        Waker::from(Arc::new(TaskWaker { task, ready: Arc::clone(&self.ready) }))
    }

    /// Polls the task at that instant.
    pub(crate) fn wake(&self, task: u64, at: DateTime<Utc>) {
        self.wake_by(self.waker(task), at);
    }

    fn wake_by(&self, waker: Waker, at: DateTime<Utc>) {
        self.with(|t| {
            let order = t.dice.below(u64::MAX);
            t.due.push(Due { at, order, waker });
        });
    }

    /// Lets time pass. A span of nothing lets the others that are due go on.
    pub(crate) fn sleep(&self, span: TimeDelta) -> Sleep {
        self.sleep_until(self.now() + span)
    }

    pub(crate) fn sleep_until(&self, until: DateTime<Utc>) -> Sleep {
        Sleep { clock: self.clone(), until, woken_by: None }
    }

    /// The next task to be polled; time goes on to the next that is due, up to `end`.
    fn next(&self, end: DateTime<Utc>) -> Option<u64> {
        loop {
            let ready = self.ready.lock().expect("nobody panicked while holding it").pop_front();
            if ready.is_some() {
                return ready;
            }
            let waker = self.with(|t| {
                t.due.peek().filter(|due| due.at <= end)?;
                let due = t.due.pop()?;
                t.now = t.now.max(due.at);
                Some(due.waker)
            })?;
            waker.wake();
        }
    }
}

/// Waits for an instant.
#[derive(Debug)]
pub(crate) struct Sleep {
    clock: Clock,
    until: DateTime<Utc>,
    woken_by: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.woken_by.is_some() && self.clock.now() >= self.until {
            return Poll::Ready(());
        }
        if self.woken_by.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            self.woken_by = Some(context.waker().clone());
            self.clock.wake_by(context.waker().clone(), self.until);
        }
        Poll::Pending
    }
}

/// The tasks. Clones are the same ones, so that a task can begin others.
#[derive(Clone)]
pub(crate) struct Tasks {
    pub(crate) clock: Clock,
    begun: Rc<RefCell<Begun>>,
}

#[derive(Default)]
struct Begun {
    count: u64,
    new: Vec<(u64, Boxed)>,
}

impl Tasks {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, begun: Rc::default() }
    }

    /// Begins a task; it is first polled when its turn comes.
    pub(crate) fn begin(&self, future: impl Future<Output = ()> + 'static) -> u64 {
        let mut begun = self.begun.borrow_mut();
        begun.count += 1;
        let task = begun.count;
        begun.new.push((task, Box::pin(future)));
        self.clock.wake(task, self.clock.now());
        task
    }

    /// Runs all tasks until nothing is due before `end`; `after` is called after each poll, and ends it all
    /// by `false`.
    pub(crate) fn run(&self, end: DateTime<Utc>, mut after: impl FnMut() -> bool) {
        let mut tasks: BTreeMap<u64, (Boxed, Waker)> = BTreeMap::new();
        loop {
            let new = self.begun.borrow_mut().new.drain(..).collect::<Vec<_>>();
            tasks.extend(new.into_iter().map(|(task, future)| (task, (future, self.clock.waker(task)))));
            let Some(task) = self.clock.next(end) else { return };
            self.clock.with(|t| t.current = task);
            // Woken twice, or at its end.
            let Some((future, waker)) = tasks.get_mut(&task) else { continue };
            if future.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
                tasks.remove(&task);
            }
            if !after() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64) -> String {
        let clock = Clock::new(DateTime::UNIX_EPOCH, Dice::new(seed));
        let tasks = Tasks::new(clock.clone());
        let names = Rc::new(RefCell::new(String::new()));
        for name in ['a', 'b', 'c', 'd'] {
            let (clock, names) = (clock.clone(), Rc::clone(&names));
            tasks.begin(async move {
                clock.sleep(TimeDelta::seconds(if name == 'd' { 2 } else { 1 })).await;
                names.borrow_mut().push(name);
            });
        }
        tasks.run(DateTime::UNIX_EPOCH + TimeDelta::seconds(9), || true);
        names.take()
    }

    #[test]
    fn the_seed_orders_what_is_due_at_one_instant_and_nothing_else() {
        let orders: std::collections::BTreeSet<String> = (0..50).map(order).collect();
        assert_eq!(orders.len(), 6, "{orders:?}");
        assert!(orders.iter().all(|o| o.ends_with('d')), "{orders:?}");
        assert_eq!(order(7), order(7));
    }
}
