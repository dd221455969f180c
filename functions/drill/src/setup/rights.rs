//! What the roles may do, by IAM's own simulator: that those which delete can't touch a source, and can do their work.

use super::deployment::APPLY;
use super::finding::{Finding, Looked};
use crate::ids::{DbiResourceId, Deployment, SourceId};
use crate::ownership::TAG_DEPLOYMENT;

/// The steps whose roles may delete replicas.
pub const DELETING: [&str; 3] = ["retire_previous", "abandon_drill", "sweep_orphans"];

/// A question to the simulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The action.
    pub action: &'static str,
    /// The ARN that it is about.
    pub resource: String,
    /// The tags of that resource.
    pub tags: Vec<(String, String)>,
}

/// What IAM answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// What it decides.
    pub decision: Decision,
    /// Whether it names a statement that decided. AWS's simulator always does for an explicit answer.
    pub is_reasoned: bool,
}

/// What IAM decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is allowed.
    Allowed,
    /// A statement denies it.
    Denied,
    /// Nothing allows it.
    NotAllowed,
}

const DELETE: &str = "rds:DeleteDBInstance";
const SIGN_IN: &str = "rds-db:connect";

/// `partition`, `region` and `account`, from the ARN of the state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `aws`.
    pub partition: String,
    /// The Region.
    pub region: String,
    /// The account.
    pub account: String,
}

impl Place {
    /// Reads the place out of any ARN of it.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut fields = arn.split(':');
        let (head, partition, _) = (fields.next()?, fields.next()?, fields.next()?);
        let (region, account) = (fields.next()?, fields.next()?);
        let is_arn = head == "arn" && [partition, region, account].iter().all(|field| !field.is_empty());
        let place = || Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        };
        is_arn.then(place)
    }

    fn instance(&self, id: &str) -> String {
        format!("arn:{}:rds:{}:{}:db:{id}", self.partition, self.region, self.account)
    }
}

/// The two questions about a role that deletes: the source as production is, and a replica as drills make them.
pub fn about_deleting(place: &Place, deployment: &Deployment, source: &SourceId) -> [Question; 2] {
    let ours = (TAG_DEPLOYMENT.to_owned(), deployment.to_string());
    // The source tagged as ours: the name's lock must hold alone.
    let production =
        Question { action: DELETE, resource: place.instance(source.as_str()), tags: vec![ours.clone()] };
    let replica = Question {
        action: DELETE,
        resource: place.instance(&format!("drill-{deployment}-doctor")),
        tags: vec![ours],
    };
    [production, replica]
}

/// The two questions about the verifier: signing in at the source, and at any other instance, as a replica is.
pub fn about_signing_in(place: &Place, source: &DbiResourceId, user: &str) -> [Question; 2] {
    let at = |id: &str| {
        format!("arn:{}:rds-db:{}:{}:dbuser:{id}/{user}", place.partition, place.region, place.account)
    };
    let question = |id: &str| Question { action: SIGN_IN, resource: at(id), tags: Vec::new() };
    [question(source.as_str()), question("db-AREPLICAOFTONIGHT")]
}

/// What a role that deletes may do.
pub fn deleting(
    step: &str,
    source: &SourceId,
    production: &Looked<Answer>,
    replica: &Looked<Answer>,
) -> Finding {
    let subject = format!("role {}", step.replace('_', "-"));
    let names = [&format!("deleting {source}"), "deleting a replica"];
    two(
        &subject,
        names,
        production,
        replica,
        "the policies deny the sources by name: apply again after each new one",
    )
}

/// What the verifier's role may do.
pub fn signing_in(source: &SourceId, production: &Looked<Answer>, replica: &Looked<Answer>) -> Finding {
    let names = [&format!("signing in at {source}"), "signing in at a replica"];
    let fix = "the policy denies the source by its resource id, and one that was made anew has another: write it into \
               resource_id, or leave that out, and apply";
    two("role plan-checks", names, production, replica, fix)
}

fn two(
    subject: &str,
    [production_words, replica_words]: [&str; 2],
    production: &Looked<Answer>,
    replica: &Looked<Answer>,
    fix: &str,
) -> Finding {
    let absent = || Finding::problem(subject, "there is no such role", APPLY);
    production.judge(subject, absent, |refused| match refused.decision {
        Decision::Allowed => Finding::problem(subject, format!("{production_words} is allowed"), fix),
        Decision::NotAllowed => Finding::warning(
            subject,
            format!("{production_words} isn't allowed, and isn't denied either: one lock of two is open"),
            fix,
        ),
        Decision::Denied => replica.judge(subject, absent, |allowed| match allowed.decision {
            Decision::Allowed => {
                Finding::ok(subject, format!("{production_words} is denied, {replica_words} is allowed"))
            }
            // A simulator that names no statement doesn't weigh the resource's tags: the local AWS.
            Decision::Denied | Decision::NotAllowed if !refused.is_reasoned => Finding::unknown(
                subject,
                format!(
                    "{production_words} is denied; whether {replica_words} is allowed isn't told by a simulator that \
                     gives no reasons"
                ),
                "ask IAM of AWS itself",
            ),
            Decision::Denied | Decision::NotAllowed => {
                Finding::problem(subject, format!("{replica_words} isn't allowed: it can't do its work"), APPLY)
            }
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn place() -> Place {
        Place::of_arn("arn:aws:states:eu-central-1:123456789012:stateMachine:restore-drill-main").unwrap()
    }
    fn source() -> SourceId {
        SourceId::parse("courses-prod").unwrap()
    }
    fn answer(decision: Decision) -> Looked<Answer> {
        Looked::Found(Answer { decision, is_reasoned: true })
    }

    #[test]
    fn the_questions_name_the_source_and_a_replica_of_the_deployment() {
        let [production, replica] = about_deleting(&place(), &Deployment::parse("main").unwrap(), &source());
        assert_eq!(production.resource, "arn:aws:rds:eu-central-1:123456789012:db:courses-prod");
        assert!(replica.resource.contains(":db:drill-main-"));
        assert_eq!(production.tags, replica.tags);
        assert_eq!(Place::of_arn("courses-prod"), None);
    }

    #[test]
    fn only_denied_here_and_allowed_there_is_ok() {
        use Decision::{Allowed, Denied, NotAllowed};
        let judged = |production, replica| {
            deleting("retire_previous", &source(), &answer(production), &answer(replica)).status
        };
        assert_eq!(judged(Denied, Allowed), Status::Ok);
        assert_eq!(judged(Allowed, Allowed), Status::Problem);
        assert_eq!(judged(NotAllowed, Allowed), Status::Warning);
        assert_eq!(judged(Denied, NotAllowed), Status::Problem);
        assert_eq!(judged(Denied, Denied), Status::Problem);
    }

    #[test]
    fn who_may_not_ask_knows_nothing() {
        let denied = Looked::Denied { right: "iam:SimulatePrincipalPolicy".to_owned() };
        let finding = signing_in(&source(), &denied, &answer(Decision::Allowed));
        assert_eq!(finding.status, Status::Unknown);
        assert!(finding.found.contains("iam:SimulatePrincipalPolicy"));
    }

    #[test]
    fn a_simulator_without_reasons_isn_t_believed_about_tags() {
        let unreasoned = |decision| Looked::Found(Answer { decision, is_reasoned: false });
        let judged = |production, replica| deleting("sweep_orphans", &source(), &production, &replica).status;
        assert_eq!(judged(unreasoned(Decision::Denied), unreasoned(Decision::NotAllowed)), Status::Unknown);
        assert_eq!(judged(unreasoned(Decision::Denied), unreasoned(Decision::Denied)), Status::Unknown);
        assert_eq!(judged(unreasoned(Decision::Allowed), unreasoned(Decision::Allowed)), Status::Problem);
    }
}
