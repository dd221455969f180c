//! Faults that a test puts in the way of the calls to come.

use drill::ports::{RdsError, RdsErrorKind, StoreError, StoreErrorKind};

/// A fault of the next calls of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    operation: &'static str,
    /// Only for calls whose subject holds this text.
    of: String,
    kind: Kind,
    is_after_effect: bool,
    times: usize,
}

#[derive(Debug, Clone)]
enum Kind {
    Rds(RdsErrorKind, &'static str),
    Store(StoreErrorKind),
}

impl Fault {
    fn new(operation: &'static str, kind: Kind) -> Self {
        Self { operation, of: String::new(), kind, is_after_effect: false, times: 1 }
    }
    /// RDS refuses the call with a code.
    pub(crate) fn rds(operation: &'static str, kind: RdsErrorKind, code: &'static str) -> Self {
        Self::new(operation, Kind::Rds(kind, code))
    }
    /// RDS asks to slow down.
    pub(crate) fn throttle(operation: &'static str) -> Self {
        Self::rds(operation, RdsErrorKind::Throttled, "Throttling")
    }
    /// The call takes effect, and its answer is lost.
    pub(crate) fn lost_answer(operation: &'static str) -> Self {
        let fault = Self::rds(operation, RdsErrorKind::Unavailable, "InternalFailure");
        Self { is_after_effect: true, ..fault }
    }
    /// A look at an instance doesn't show it, as right after its creation.
    pub(crate) fn hidden() -> Self {
        Self::rds("DescribeDBInstance", RdsErrorKind::NotFound, "DBInstanceNotFound")
    }
    /// A store, a topic or Step Functions doesn't answer.
    pub(crate) fn store(operation: &'static str, kind: StoreErrorKind) -> Self {
        Self::new(operation, Kind::Store(kind))
    }
    /// The store takes the effect, and its answer is lost.
    pub(crate) fn lost_store_answer(operation: &'static str) -> Self {
        Self { is_after_effect: true, ..Self::store(operation, StoreErrorKind::Unavailable) }
    }
    /// Only for calls whose subject holds the text.
    pub(crate) fn of(self, subject: impl Into<String>) -> Self {
        Self { of: subject.into(), ..self }
    }
    /// With another kind of error of RDS.
    pub(crate) fn of_kind(self, kind: RdsErrorKind) -> Self {
        Self { kind: Kind::Rds(kind, "InvalidDBInstanceState"), ..self }
    }

    fn rds_error(&self, operation: &'static str) -> RdsError {
        let Kind::Rds(kind, code) = &self.kind else { panic!("{operation} is a call to RDS") };
        let (kind, code) = (*kind, (*code).to_owned());
        RdsError { kind, operation, code, message: "a fault of the test".to_owned() }
    }

    fn store_error(&self, operation: &'static str, subject: &str) -> StoreError {
        let Kind::Store(kind) = &self.kind else { panic!("{operation} is a call to a store") };
        let (kind, subject) = (*kind, subject.to_owned());
        StoreError { kind, operation, subject, message: "a fault of the test".to_owned() }
    }
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    fn next(&mut self, operation: &str, subject: &str) -> Option<Fault> {
        let is_due = |f: &Fault| f.operation == operation && subject.contains(&f.of) && f.times > 0;
        let fault = self.0.iter_mut().find(|f| is_due(f))?;
        fault.times -= 1;
        Some(fault.clone())
    }
}

/// What a call does with the fault in its way.
pub(crate) enum Way<E> {
    /// Nothing is in the way.
    Clear,
    /// It fails and nothing happens.
    Before(E),
    /// It happens and then fails.
    After(E),
}

impl<E> Way<E> {
    /// Makes the call.
    pub(crate) fn go<T>(self, effect: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        match self {
            Self::Clear => effect(),
            Self::Before(error) => Err(error),
            Self::After(error) => effect().and(Err(error)),
        }
    }
}

impl Faults {
    pub(crate) fn rds(&mut self, operation: &'static str, subject: &str) -> Way<RdsError> {
        match self.next(operation, subject) {
            None => Way::Clear,
            Some(f) if f.is_after_effect => Way::After(f.rds_error(operation)),
            Some(f) => Way::Before(f.rds_error(operation)),
        }
    }
    pub(crate) fn store(&mut self, operation: &'static str, subject: &str) -> Way<StoreError> {
        match self.next(operation, subject) {
            None => Way::Clear,
            Some(f) if f.is_after_effect => Way::After(f.store_error(operation, subject)),
            Some(f) => Way::Before(f.store_error(operation, subject)),
        }
    }
}
