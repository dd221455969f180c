//! Looking at an account and a deployment.

use drill::ids::DbiResourceId;
use drill::setup::Looked;
use drill::setup::rights::{Answer, Decision, Question};
use drill::setup::source::{KeyManager, Quota};
use restore_drill_aws::Survey;

use crate::replay::{Replay, replay};

fn survey(answers: &[(u16, &str)]) -> (Replay, Survey) {
    let replay = replay(answers);
    let survey = Survey::new(&replay.configuration);
    (replay, survey)
}

fn question() -> Question {
    Question {
        action: "rds:DeleteDBInstance",
        resource: "arn:aws:rds:eu-central-1:123456789012:db:courses-prod".to_owned(),
        tags: vec![("restore-drill:deployment".to_owned(), "main".to_owned())],
    }
}

const ROLE: &str = "arn:aws:iam::123456789012:role/restore-drill-main-retire-previous";

fn denied<T>(right: &str) -> Looked<T> {
    Looked::Denied { right: right.to_owned() }
}

#[tokio::test]
async fn a_source_is_told_with_its_backups_and_its_place() {
    let (_, survey) = survey(&[(200, "rds/describe-instance-source.xml")]);
    let Looked::Found(facts) = survey.source("courses-prod").await else { panic!("it is there") };
    assert_eq!(facts.engine, "postgres");
    assert_eq!(facts.of_arn(4).len(), 12, "{}", facts.arn);
    assert!(DbiResourceId::parse(facts.resource_id.as_str()).is_ok());
}

#[tokio::test]
async fn a_source_that_is_not_there_is_absent_and_one_that_may_not_be_seen_names_the_right() {
    let (_, gone) = survey(&[(404, "rds/error-instance-not-found.xml")]);
    assert_eq!(gone.source("courses-prod").await, Looked::Absent);
    let (_, hidden) = survey(&[(403, "rds/error-access-denied.xml")]);
    assert_eq!(hidden.source("courses-prod").await, denied("rds:DescribeDBInstances"));
}

#[tokio::test]
async fn quotas_are_those_of_instances_and_storage() {
    let (_, survey) = survey(&[(200, "survey/account-attributes.xml")]);
    let Looked::Found(quotas) = survey.quotas().await else { panic!("they are there") };
    assert_eq!(quotas.instances, Some(Quota { used: 12, max: 40 }));
    assert_eq!(quotas.storage_gib, Some(Quota { used: 1340, max: 100_000 }));
}

#[tokio::test]
async fn a_key_is_aws_s_or_unknown() {
    let (_, survey_of_aws) = survey(&[(200, "survey/key-of-aws.json")]);
    assert_eq!(survey_of_aws.key("arn").await, Looked::Found(KeyManager::Aws));
    let (_, hidden) = survey(&[(400, "survey/key-denied.json")]);
    assert_eq!(hidden.key("arn").await, denied("kms:DescribeKey"));
}

#[tokio::test]
async fn the_simulator_is_asked_with_the_tags_of_the_resource() {
    let (replay, survey) = survey(&[(200, "survey/simulate-denied.xml")]);
    let answer = survey.simulate(ROLE, &question()).await;
    assert_eq!(answer, Looked::Found(Answer { decision: Decision::Denied, is_reasoned: true }));
    let form = replay.only().form();
    assert_eq!(form["PolicySourceArn"], ROLE);
    assert_eq!(form["ResourceArns.member.1"], question().resource);
    let key = "ContextEntries.member.1.ContextKey";
    assert_eq!(form[&format!("{key}Name")], "aws:ResourceTag/restore-drill:deployment");
    assert_eq!(form[&format!("{key}Values.member.1")], "main");
}

#[tokio::test]
async fn a_role_that_is_not_there_is_absent() {
    let (_, survey) = survey(&[(404, "survey/simulate-no-such-role.xml")]);
    assert_eq!(survey.simulate(ROLE, &question()).await, Looked::Absent);
}

#[tokio::test]
async fn a_subscription_that_nobody_confirmed_is_told_as_such() {
    let (_, survey) = survey(&[(200, "survey/subscriptions.xml")]);
    let Looked::Found(all) = survey.subscriptions("arn").await else { panic!("they are there") };
    let told: Vec<(&str, bool)> = all.iter().map(|s| (s.endpoint.as_str(), s.is_confirmed)).collect();
    assert_eq!(told, [("night@example.com", true), ("day@example.com", false)]);
}

#[tokio::test]
async fn each_setting_of_the_bucket_is_looked_at_by_itself() {
    let (_, survey) = survey(&[
        (200, "survey/versioning-suspended.xml"),
        (403, "survey/access-denied.xml"),
        (403, "survey/access-denied.xml"),
        (404, "survey/no-bucket-policy.xml"),
        (403, "survey/access-denied.xml"),
    ]);
    let bucket = survey.bucket("evidence").await;
    assert_eq!(bucket.is_versioned, Looked::Found(false));
    assert_eq!(bucket.encryption, denied("s3:GetEncryptionConfiguration"));
    assert_eq!(bucket.is_blocked, denied("s3:GetBucketPublicAccessBlock"));
    assert_eq!(bucket.policy, Looked::Absent);
    assert_eq!(bucket.lock, denied("s3:GetBucketObjectLockConfiguration"));
}

#[tokio::test]
async fn a_schedule_is_told_with_its_zone_its_queue_and_whether_it_runs() {
    let (_, survey) = survey(&[(200, "survey/schedule.json")]);
    let Looked::Found(schedule) = survey.schedule("restore-drill-main", "courses-prod").await else {
        panic!("it is there")
    };
    assert!(!schedule.is_enabled);
    assert_eq!(
        (schedule.expression.as_str(), schedule.zone.as_str()),
        ("cron(0 3 * * ? *)", "Europe/Berlin")
    );
    assert!(schedule.dead_letter_queue.unwrap().ends_with("-undelivered"));
}

#[tokio::test]
async fn of_a_function_s_environment_only_ours_is_told() {
    let (_, survey) = survey(&[(200, "survey/function.json")]);
    let Looked::Found(function) = survey.function("plan-checks").await else { panic!("it is there") };
    assert_eq!(function.environment.keys().collect::<Vec<_>>(), ["RESTORE_DRILL_CA_BUNDLE"]);
    assert_eq!((function.is_in_vpc, function.vpc.as_deref()), (true, Some("vpc-1")));
}
