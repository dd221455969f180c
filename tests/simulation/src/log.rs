//! What the product logs: lines of the tale, in which no secret may be.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use crate::world::World;

/// Takes what is logged on the thread of one course.
struct Log {
    world: Arc<World>,
}

/// Runs something whose logs belong to the world.
pub(crate) fn logged<T>(world: &Arc<World>, run: impl FnOnce() -> T) -> T {
    subscriber::with_default(Log { world: Arc::clone(world) }, run)
}

/// A line with every field in it.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a text can't fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Log {
    fn take(&self, metadata: &Metadata<'_>, line: &Line) {
        self.world.with(|s| {
            s.judge_text("a log", &line.0);
            s.say(|| format!("  {}{}", metadata.level(), line.0));
        });
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line::default();
        span.record(&mut line);
        self.take(span.metadata(), &line);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        self.world.with(|s| s.judge_text("a log", &line.0));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.take(event.metadata(), &line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
