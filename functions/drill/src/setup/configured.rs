//! What a source's configuration says, against what is there.

use super::deployment::{APPLY, Function};
use super::finding::{Finding, Looked};
use super::source;
use crate::configuration::{self, Configuration};
use crate::ids::SourceId;

/// The stored configuration of a source, and what is said of it.
pub fn configuration(source: &SourceId, stored: &Looked<String>) -> (Finding, Option<Configuration>) {
    let subject = "configuration";
    let mut read = None;
    let absent = || {
        Finding::problem(
            subject,
            format!("there is none in the bucket, config/{source}.toml"),
            "write one, try it with restore-drill checks validate, and apply",
        )
    };
    let finding = stored.judge(subject, absent, |text| match configuration::parse_toml(text) {
        Ok(found) if found.source != *source => {
            Finding::problem(subject, format!("it is that of {}", found.source), "put it under its own name")
        }
        Ok(found) => {
            let told = format!(
                "valid: database {}, {} tables with rules, {} queries",
                found.database.name,
                found.tables.len(),
                found.queries.len()
            );
            read = Some(found);
            Finding::ok(subject, told)
        }
        Err(mistakes) => {
            let first = mistakes.first().map(|m| m.to_string().replace('\n', "; ")).unwrap_or_default();
            Finding::problem(
                subject,
                format!("has {} mistakes, such as {first}", mistakes.len()),
                "restore-drill checks validate says them all; mend it and apply",
            )
        }
    });
    (finding, read)
}

/// Where the replicas go: the subnet group and parameter group of the configuration.
pub fn groups(
    configuration: &Configuration,
    subnet_group_vpc: &Looked<String>,
    family: Option<&Looked<String>>,
    verifier: &Looked<Function>,
    facts: Option<&source::Facts>,
) -> Vec<Finding> {
    let name = &configuration.replica.subnet_group;
    let subject = "subnet group";
    let absent = || Finding::problem(subject, format!("RDS knows none called {name}"), APPLY);
    let mut findings = vec![subnet_group_vpc.judge(subject, absent, |vpc| {
        match verifier.found().and_then(|function| function.vpc.as_ref()) {
            Some(own) if own != vpc => Finding::problem(
                subject,
                format!("{name} is in {vpc}, the verifier in {own}: it reaches no replica"),
                APPLY,
            ),
            Some(_) => Finding::ok(subject, format!("{name} in {vpc}, as the verifier is")),
            None => Finding::ok(subject, format!("{name} in {vpc}")),
        }
    })];
    findings.push(security_groups(configuration, verifier));
    if let (Some(name), Some(family)) = (&configuration.replica.parameter_group, family) {
        let subject = "parameter group";
        let absent = || Finding::problem(subject, format!("RDS knows none called {name}"), APPLY);
        findings.push(family.judge(subject, absent, |family| {
            let wanted = facts.and_then(source::Facts::major).map(|major| format!("postgres{major}"));
            match wanted {
                Some(wanted) if wanted != *family => Finding::problem(
                    subject,
                    format!("{name} is for {family}, and the source is of {wanted}: no restore is accepted"),
                    "postgres_version of the source in the module, then terraform apply",
                ),
                _ => Finding::ok(subject, format!("{name} for {family}")),
            }
        }));
    }
    findings
}

/// Their rules are EC2's to tell; what can be said without it is whether the groups are two.
fn security_groups(configuration: &Configuration, verifier: &Looked<Function>) -> Finding {
    let subject = "security group";
    let own = &configuration.replica.security_groups;
    let shared = verifier
        .found()
        .and_then(|function| own.iter().find(|group| function.security_groups.contains(group)));
    match shared {
        Some(group) => Finding::warning(
            subject,
            format!("{group} is the verifier's, too: replicas get its way out"),
            "let the module make both",
        ),
        None => Finding::ok(
            subject,
            format!("{}; that the verifier gets in shows when a drill connects", own.join(", ")),
        ),
    }
}
