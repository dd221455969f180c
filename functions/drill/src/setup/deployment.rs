//! What runs: the state machine and its functions, as they must be for a drill to go through.

use std::collections::BTreeMap;

use super::definition;
use super::finding::{Finding, Looked};

pub(super) const APPLY: &str = "terraform apply, with the module and the zips of this version";

/// The state machine as Step Functions described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its definition.
    pub definition: String,
    /// How much it logs: `OFF`, `ERROR`, `FATAL`, `ALL`.
    pub log_level: String,
    /// Whether inputs and outputs, which can hold values of the database, are logged too.
    pub logs_data: bool,
}

/// The state machine against this version's definition, with the functions that it calls by step.
pub fn machine(template: &str, machine: &Looked<Machine>) -> (Vec<Finding>, BTreeMap<String, String>) {
    let mut functions = BTreeMap::new();
    let absent = || Finding::problem("state machine", "there is none", APPLY);
    let definition = machine.judge("state machine", absent, |machine| {
        match definition::functions(template, &machine.definition) {
            Ok(found) => {
                functions = found;
                Finding::ok("state machine", "its definition is the one of this version")
            }
            Err(difference) => Finding::warning(
                "state machine",
                format!("its definition isn't the one of this version: {difference}"),
                format!("{APPLY}; or use the command line of the version that is deployed"),
            ),
        }
    });
    let mut findings = vec![definition];
    if let Looked::Found(machine) = machine {
        findings.push(match (machine.log_level.as_str(), machine.logs_data) {
            ("OFF", _) => Finding::warning(
                "log",
                "the state machine writes none: a night that went wrong is told by its history alone, for 90 days",
                APPLY,
            ),
            (_, true) => Finding::warning(
                "log",
                "the state machine logs inputs and outputs, which can hold values of the database",
                "include_execution_data = false",
            ),
            (level, false) => Finding::ok("log", format!("of the state machine: {level}, without data")),
        });
    }
    (findings, functions)
}

/// A function as Lambda described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its ARN, with the version where one was asked for.
    pub arn: String,
    /// Its handler: the step's name.
    pub handler: String,
    /// `Active` when it can be called.
    pub state: String,
    /// `Successful` when its last change went through.
    pub last_update: String,
    /// Its role's ARN.
    pub role: String,
    /// Whether it is inside a VPC.
    pub is_in_vpc: bool,
    /// Which, where Lambda says it.
    pub vpc: Option<String>,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Its environment: of restore-drill's variables only.
    pub environment: BTreeMap<String, String>,
}

/// The functions, by step: all that the definition calls, and those with schedules of their own.
pub fn functions(looked: &BTreeMap<String, Looked<Function>>) -> Finding {
    let subject = "functions";
    let (mut wrong, mut unlooked) = (Vec::new(), None);
    for (step, function) in looked {
        match function {
            Looked::Found(function) => {
                if function.state != "Active" {
                    wrong.push(format!("{step} is {}", function.state));
                } else if function.last_update == "Failed" {
                    wrong.push(format!("the last change of {step} failed"));
                } else if function.handler != step.replace('_', "-") {
                    wrong.push(format!("{step} has the handler {}", function.handler));
                }
            }
            Looked::Absent => wrong.push(format!("{step} isn't there")),
            Looked::Denied { .. } | Looked::Failed { .. } => unlooked = function.unlooked(subject),
        }
    }
    if let Some(unlooked) = unlooked {
        return unlooked;
    }
    if wrong.is_empty() {
        return Finding::ok(subject, format!("{} are there and active", looked.len()));
    }
    Finding::problem(subject, wrong.join("; "), APPLY)
}

/// What the two functions inside the VPC are told, and where they are.
pub fn verifier(function: &Looked<Function>) -> Vec<Finding> {
    let ca = "certificate authorities";
    let absent = || Finding::problem(ca, "plan-checks isn't there", APPLY);
    let bundle = function.judge(ca, absent, |function| {
        match function.environment.get("RESTORE_DRILL_CA_BUNDLE").filter(|path| !path.is_empty()) {
            Some(path) => {
                Finding::ok(ca, format!("{path}; whether it is in the zip shows when a drill connects"))
            }
            None => Finding::problem(ca, "RESTORE_DRILL_CA_BUNDLE isn't set: no replica is trusted", APPLY),
        }
    });
    let place = "verifier's network";
    let absent = || Finding::problem(place, "plan-checks isn't there", APPLY);
    let vpc = function.judge(place, absent, |function| {
        if !function.is_in_vpc {
            let found = "the verifier is outside a VPC and reaches no private replica";
            return Finding::problem(place, found, APPLY);
        }
        let vpc = function.vpc.as_deref().unwrap_or("in a VPC");
        Finding::ok(place, format!("{vpc}, {}", function.security_groups.join(", ")))
    });
    vec![bundle, vpc]
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn function(step: &str) -> Function {
        Function {
            arn: format!("arn:{step}:1"),
            handler: step.replace('_', "-"),
            state: "Active".to_owned(),
            last_update: "Successful".to_owned(),
            role: "role".to_owned(),
            is_in_vpc: true,
            vpc: Some("vpc-1".to_owned()),
            security_groups: vec!["sg-1".to_owned()],
            environment: [("RESTORE_DRILL_CA_BUNDLE".to_owned(), "rds-ca.pem".to_owned())].into(),
        }
    }

    #[test]
    fn functions_are_all_there_active_and_the_right_ones() {
        let judged = |looked: Looked<Function>| {
            let all = [
                ("plan_drill".to_owned(), Looked::Found(function("plan_drill"))),
                ("run_check".to_owned(), looked),
            ];
            functions(&all.into()).status
        };
        let found = |change: fn(&mut Function)| {
            let mut function = function("run_check");
            change(&mut function);
            Looked::Found(function)
        };
        assert_eq!(judged(found(|_| ())), Status::Ok);
        assert_eq!(judged(found(|f| f.state = "Pending".to_owned())), Status::Problem);
        assert_eq!(judged(found(|f| f.last_update = "Failed".to_owned())), Status::Problem);
        assert_eq!(judged(found(|f| f.handler = "plan-drill".to_owned())), Status::Problem);
        assert_eq!(judged(Looked::Absent), Status::Problem);
        assert_eq!(
            judged(Looked::Denied { right: "lambda:GetFunctionConfiguration".to_owned() }),
            Status::Unknown
        );
    }

    #[test]
    fn a_verifier_trusts_somebody_and_is_in_a_vpc() {
        let judged = |change: fn(&mut Function)| {
            let mut function = function("plan_checks");
            change(&mut function);
            verifier(&Looked::Found(function)).into_iter().map(|f| f.status).collect::<Vec<_>>()
        };
        assert_eq!(judged(|_| ()), [Status::Ok, Status::Ok]);
        assert_eq!(judged(|f| f.environment.clear()), [Status::Problem, Status::Ok]);
        assert_eq!(judged(|f| f.is_in_vpc = false), [Status::Ok, Status::Problem]);
    }

    #[test]
    fn another_definition_is_said_and_a_log_with_data_too() {
        let template = r#"{"StartAt": "${plan_drill}"}"#;
        let judged = |definition: &str, log_level: &str, logs_data| {
            let described =
                Machine { definition: definition.to_owned(), log_level: log_level.to_owned(), logs_data };
            let (findings, functions) = machine(template, &Looked::Found(described));
            (findings.into_iter().map(|f| f.status).collect::<Vec<_>>(), functions.len())
        };
        assert_eq!(judged(r#"{"StartAt": "arn"}"#, "ALL", false), (vec![Status::Ok; 2], 1));
        assert_eq!(judged("{}", "ALL", false), (vec![Status::Warning, Status::Ok], 0));
        assert_eq!(judged(r#"{"StartAt": "arn"}"#, "OFF", false).0[1], Status::Warning);
        assert_eq!(judged(r#"{"StartAt": "arn"}"#, "ALL", true).0[1], Status::Warning);
        assert_eq!(machine(template, &Looked::Absent).0[0].status, Status::Problem);
    }
}
