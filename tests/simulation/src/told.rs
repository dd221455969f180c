//! What passes through a port, as JSON: what histories are made of.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::ids::{DbiResourceId, SnapshotId};
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::measurement::{
    Activity, Catalogue, CatalogueObject, Control, Corruption, DigestValue, HealthReport, HeapCount,
    IndexCount, Orphans, ServerIdentity,
};
use drill::ports::{
    ConnectError, MeasureError, RdsError, RdsErrorKind, RestoreAnswer, StoreError, StoreErrorKind,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An answer that can be written down and read again.
pub(crate) trait Told: Sized {
    fn told(&self) -> Value;
    /// Nothing when it isn't such an answer.
    fn untold(value: &Value) -> Option<Self>;
}

fn written(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("plain values serialize")
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

macro_rules! told_as_they_serialize {
    ($($type:ty),* $(,)?) => {
        $(impl Told for $type {
            fn told(&self) -> Value { written(self) }
            fn untold(value: &Value) -> Option<Self> { read(value) }
        })*
    };
}

told_as_they_serialize!(
    (),
    bool,
    String,
    Option<String>,
    Vec<String>,
    Option<DateTime<Utc>>,
    Vec<(DateTime<Utc>, String)>,
    ServerIdentity,
    Activity,
    Control,
    Catalogue,
    HeapCount,
    IndexCount,
    Vec<CatalogueObject>,
    HealthReport,
    Corruption,
    Orphans,
    DigestValue,
);

macro_rules! told_by_a_mirror {
    ($type:ident as $mirror:ident { $($field:ident: $field_type:ty),* $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        struct $mirror { $($field: $field_type,)* }

        impl From<$type> for $mirror {
            fn from(value: $type) -> Self { Self { $($field: value.$field,)* } }
        }
        impl From<$mirror> for $type {
            fn from(value: $mirror) -> Self { Self { $($field: value.$field,)* } }
        }
        impl Told for $type {
            fn told(&self) -> Value { written(&$mirror::from(self.clone())) }
            fn untold(value: &Value) -> Option<Self> { read::<$mirror>(value).map(Into::into) }
        }
        impl Told for Vec<$type> {
            fn told(&self) -> Value { self.iter().map(Told::told).collect() }
            fn untold(value: &Value) -> Option<Self> { value.as_array()?.iter().map(Told::untold).collect() }
        }
        impl Told for Option<$type> {
            fn told(&self) -> Value { self.as_ref().map_or(Value::Null, Told::told) }
            fn untold(value: &Value) -> Option<Self> {
                if value.is_null() { Some(None) } else { $type::untold(value).map(Some) }
            }
        }
    };
}

told_by_a_mirror!(Instance as InstanceTold {
    id: String,
    resource_id: DbiResourceId,
    status: InstanceStatus,
    tags: BTreeMap<String, String>,
    endpoint: Option<Endpoint>,
    engine: String,
    engine_version: String,
    created_at: Option<DateTime<Utc>>,
    automatic_restart_at: Option<DateTime<Utc>>,
    instance_class: String,
    allocated_storage_gib: u32,
    deletion_protection: bool,
});
told_by_a_mirror!(Snapshot as SnapshotTold {
    id: SnapshotId,
    resource_id: DbiResourceId,
    instance_id: String,
    snapshot_type: String,
    status: String,
    created_at: Option<DateTime<Utc>>,
    database_at: Option<DateTime<Utc>>,
    engine: String,
    engine_version: String,
    storage_type: Option<String>,
    allocated_storage_gib: u32,
});
told_by_a_mirror!(RestorableWindow as RestorableWindowTold {
    resource_id: DbiResourceId,
    earliest_at: Option<DateTime<Utc>>,
    latest_at: Option<DateTime<Utc>>,
    engine_version: String,
    storage_type: Option<String>,
    allocated_storage_gib: u32,
});

impl Told for RestoreAnswer {
    fn told(&self) -> Value {
        match self {
            Self::Accepted(instance) => instance.told(),
            Self::AlreadyExists => json!("already exists"),
        }
    }
    fn untold(value: &Value) -> Option<Self> {
        match value {
            Value::String(_) => Some(Self::AlreadyExists),
            _ => Instance::untold(value).map(|i| Self::Accepted(Box::new(i))),
        }
    }
}

/// An error that can be written down and read again.
pub(crate) trait ErrorTold: Sized {
    fn told(&self) -> Value;
    fn untold(value: &Value, operation: &'static str) -> Option<Self>;
}

fn text(value: &Value, field: &str) -> Option<String> {
    Some(value[field].as_str()?.to_owned())
}

/// The kinds of an error of RDS by their names.
const RDS_KINDS: &[(RdsErrorKind, &str)] = &[
    (RdsErrorKind::Throttled, "throttled"),
    (RdsErrorKind::Unavailable, "unavailable"),
    (RdsErrorKind::Denied, "denied"),
    (RdsErrorKind::NotFound, "not found"),
    (RdsErrorKind::InvalidState, "invalid state"),
    (RdsErrorKind::Refused, "refused"),
    (RdsErrorKind::Rejected, "rejected"),
];

impl ErrorTold for RdsError {
    fn told(&self) -> Value {
        let kind = RDS_KINDS.iter().find(|(kind, _)| *kind == self.kind).map(|(_, name)| *name);
        json!({"kind": kind, "code": self.code, "message": self.message})
    }
    fn untold(value: &Value, operation: &'static str) -> Option<Self> {
        let kind = RDS_KINDS.iter().find(|(_, name)| value["kind"] == *name)?.0;
        Some(Self { kind, operation, code: text(value, "code")?, message: text(value, "message")? })
    }
}

impl ErrorTold for StoreError {
    fn told(&self) -> Value {
        let is_denied = self.kind == StoreErrorKind::Denied;
        let kind = if is_denied { "denied" } else { "unavailable" };
        json!({"kind": kind, "subject": self.subject, "message": self.message})
    }
    fn untold(value: &Value, operation: &'static str) -> Option<Self> {
        let is_denied = value["kind"] == "denied";
        let kind = if is_denied { StoreErrorKind::Denied } else { StoreErrorKind::Unavailable };
        Some(Self { kind, operation, subject: text(value, "subject")?, message: text(value, "message")? })
    }
}

impl ErrorTold for ConnectError {
    fn told(&self) -> Value {
        match self {
            Self::Unreachable(text) => json!({"unreachable": text}),
            Self::Refused(text) => json!({"refused": text}),
            Self::Untrusted(text) => json!({"untrusted": text}),
        }
    }
    fn untold(value: &Value, _: &'static str) -> Option<Self> {
        let unreachable = text(value, "unreachable").map(Self::Unreachable);
        let refused = || text(value, "refused").map(Self::Refused);
        unreachable.or_else(refused).or_else(|| text(value, "untrusted").map(Self::Untrusted))
    }
}

impl ErrorTold for MeasureError {
    fn told(&self) -> Value {
        match self {
            Self::Lost(text) => json!({"lost": text}),
            Self::TimedOut { reason, hint } => json!({"timed_out": reason, "hint": hint}),
            Self::NotMeasured { reason, hint } => json!({"not_measured": reason, "hint": hint}),
            Self::Failed(text) => json!({"failed": text}),
        }
    }
    fn untold(value: &Value, _: &'static str) -> Option<Self> {
        let hint = text(value, "hint").unwrap_or_default();
        if let Some(reason) = text(value, "timed_out") {
            return Some(Self::TimedOut { reason, hint });
        }
        if let Some(reason) = text(value, "not_measured") {
            return Some(Self::NotMeasured { reason, hint });
        }
        text(value, "lost").map(Self::Lost).or_else(|| text(value, "failed").map(Self::Failed))
    }
}
