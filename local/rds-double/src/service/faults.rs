//! Decides which injected fault a call meets.
//!
//! Faults are met in the order in which they were set; each call meets one at most. Never decides
//! what a fault does.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Fault {
    /// An error instead of the effect.
    Error {
        code: String,
        #[serde(default = "bad_request")]
        status: u16,
        #[serde(default)]
        message: String,
    },
    /// The API's throttling error.
    Throttle {},
    /// The call is served, later.
    Delay { seconds: f64 },
    /// The call takes effect, and the connection is closed without an answer.
    LostAnswer {},
    /// The call takes effect at once, and is answered later.
    LateAnswer { seconds: f64 },
    /// The connection is closed before any effect.
    LostRequest {},
    /// A Describe shows everything as it was before its last change.
    Stale {},
    /// A Describe shows nothing.
    Empty {},
}

fn bad_request() -> u16 {
    400
}

impl Fault {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Error { .. } => "error",
            Self::Throttle {} => "throttle",
            Self::Delay { .. } => "delay",
            Self::LostAnswer {} => "lost_answer",
            Self::LateAnswer { .. } => "late_answer",
            Self::LostRequest {} => "lost_request",
            Self::Stale {} => "stale",
            Self::Empty {} => "empty",
        }
    }
}

/// A fault and the calls that meet it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultRule {
    /// The action; `*` is any.
    pub(super) action: String,
    /// The instance, or the beginning of its name with `*` after it; any unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instance: Option<String>,
    /// How often it is still met; for ever unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u32>,
    /// What goes wrong.
    pub(super) fault: Fault,
}

impl FaultRule {
    fn meets(&self, action: &str, instances: &[String]) -> bool {
        let on_instance = self.instance.as_ref().is_none_or(|wanted| {
            instances.iter().any(|id| match wanted.strip_suffix('*') {
                Some(beginning) => id.starts_with(&beginning.to_ascii_lowercase()),
                None => id.eq_ignore_ascii_case(wanted),
            })
        });
        on_instance && (self.action == "*" || self.action == action)
    }
}

/// The faults that are set.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FaultRule>);

impl Faults {
    pub(super) fn set(&mut self, rule: FaultRule) {
        if rule.times != Some(0) {
            self.0.push(rule);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn all(&self) -> &[FaultRule] {
        &self.0
    }

    /// The fault that this call meets; it is then used up once.
    pub(super) fn take(&mut self, action: &str, instances: &[String]) -> Option<Fault> {
        let at = self.0.iter().position(|rule| rule.meets(action, instances))?;
        let rule = &mut self.0[at];
        let fault = rule.fault.clone();
        if let Some(left) = &mut rule.times {
            *left -= 1;
            if *left == 0 {
                self.0.remove(at);
            }
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> FaultRule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_is_met_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.set(rule(r#"{"action": "StopDBInstance", "times": 2, "fault": {"kind": "throttle"}}"#));
        let met: Vec<bool> = (0..3).map(|_| faults.take("StopDBInstance", &[]).is_some()).collect();
        assert_eq!(met, [true, true, false]);
    }

    #[test]
    fn a_fault_for_a_prefix_meets_only_instances_with_it() {
        let mut faults = Faults::default();
        faults.set(rule(r#"{"action": "*", "instance": "drill-*", "fault": {"kind": "lost_answer"}}"#));
        assert!(faults.take("DeleteDBInstance", &["prod".into()]).is_none());
        assert!(faults.take("DescribeDBInstances", &[]).is_none());
        assert!(faults.take("DeleteDBInstance", &["drill-prod-1".into()]).is_some());
    }

    #[test]
    fn a_misspelled_fault_is_refused() {
        let bad = r#"{"action": "*", "fault": {"kind": "throttel"}}"#;
        assert!(serde_json::from_str::<FaultRule>(bad).is_err());
    }
}
