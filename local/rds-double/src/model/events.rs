//! Decides what the control plane tells about its past, within a bound.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ApiError;
use super::page::{Page, PageRequest, paginate};

/// The most events that are kept; the oldest go first.
const EVENTS_MAX: usize = 5000;

/// Something that happened to an instance or a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the order of things, which is also its place in a page.
    pub(crate) sequence: u64,
    /// The identifier of what it happened to.
    pub source_id: String,
    /// What kind of thing that is: `db-instance` or `db-snapshot`.
    pub source_type: &'static str,
    /// The ARN of what it happened to.
    pub source_arn: String,
    /// What happened, in a sentence.
    pub message: String,
    /// The category, such as `availability`.
    pub category: &'static str,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Which events to tell.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only of this resource.
    pub source_id: Option<String>,
    /// Only of this kind.
    pub source_type: Option<String>,
    /// Not before; an hour before the end unless given.
    pub start: Option<DateTime<Utc>>,
    /// Not after; now unless given.
    pub end: Option<DateTime<Utc>>,
    /// How far back, if no start is given.
    pub duration_min: Option<i64>,
    /// Only of these categories; any if empty.
    pub categories: Vec<String>,
    /// Which page.
    pub page: PageRequest,
}

/// The last events, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chronicle {
    events: VecDeque<Event>,
    told: u64,
}

impl Chronicle {
    pub(crate) fn tell(&mut self, mut event: Event) {
        self.told += 1;
        event.sequence = self.told;
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub(crate) fn find(&self, now: DateTime<Utc>, query: &EventQuery) -> Result<Page<Event>, ApiError> {
        if query.source_id.is_some() && query.source_type.is_none() {
            return Err(ApiError::combination("SourceType must be given when SourceIdentifier is."));
        }
        let end = query.end.unwrap_or(now);
        let back = TimeDelta::minutes(query.duration_min.unwrap_or(60));
        let start = query.start.unwrap_or(end - back);
        let found = self.events.iter().filter(|event| {
            event.at >= start
                && event.at <= end
                && query.source_id.as_ref().is_none_or(|id| id.eq_ignore_ascii_case(&event.source_id))
                && query.source_type.as_ref().is_none_or(|kind| kind == event.source_type)
                && (query.categories.is_empty() || query.categories.iter().any(|each| each == event.category))
        });
        paginate(found, &query.page, |event| format!("{:020}", event.sequence))
    }
}
