//! What keeps and tells: the evidence bucket and the topic.

use super::deployment::APPLY;
use super::finding::{Finding, Looked};

/// The settings of the evidence bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Whether overwritten records stay as versions.
    pub is_versioned: Looked<bool>,
    /// What objects are encrypted with, such as `AES256`.
    pub encryption: Looked<String>,
    /// Whether all four ways to publish it are shut.
    pub is_blocked: Looked<bool>,
    /// Its policy, as JSON.
    pub policy: Looked<String>,
    /// The lock: its mode, and for how many days.
    pub lock: Looked<String>,
}

/// The settings of the evidence bucket, one by one.
pub fn bucket(bucket: &Bucket) -> Vec<Finding> {
    let versions = "bucket: versions";
    let not_versioned = || Finding::problem(versions, "off: a record that is overwritten is gone", APPLY);
    let encryption = "bucket: encryption";
    let public = "bucket: public access";
    let open =
        || Finding::problem(public, "isn't blocked: a policy or an ACL could publish the records", APPLY);
    let tls = "bucket: TLS only";
    let any = || Finding::problem(tls, "its policy doesn't refuse requests without TLS", APPLY);
    let lock = "bucket: object lock";
    let none = || {
        Finding::ok(lock, "off: whoever may delete objects can delete records (object_lock of the module)")
    };
    vec![
        bucket.is_versioned.judge(versions, not_versioned, |on| {
            if *on { Finding::ok(versions, "kept") } else { not_versioned() }
        }),
        bucket.encryption.judge(
            encryption,
            || Finding::problem(encryption, "no default is set", APPLY),
            |with| Finding::ok(encryption, with.clone()),
        ),
        bucket.is_blocked.judge(
            public,
            open,
            |all| if *all { Finding::ok(public, "blocked") } else { open() },
        ),
        bucket.policy.judge(tls, any, |policy| {
            if refuses_without_tls(policy) { Finding::ok(tls, "requests without are refused") } else { any() }
        }),
        bucket.lock.judge(lock, none, |told| Finding::ok(lock, told.clone())),
    ]
}

/// Whether a statement denies everybody everything where `aws:SecureTransport` is false.
fn refuses_without_tls(policy: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<serde_json::Value>(policy) else { return false };
    let is_one = |value: &serde_json::Value, text: &str| value == text || value == &serde_json::json!([text]);
    policy["Statement"].as_array().into_iter().flatten().any(|statement| {
        let secure = &statement["Condition"]["Bool"]["aws:SecureTransport"];
        let everybody = is_one(&statement["Principal"], "*") || is_one(&statement["Principal"]["AWS"], "*");
        statement["Effect"] == "Deny"
            && everybody
            && is_one(&statement["Action"], "s3:*")
            && (is_one(secure, "false") || secure == &serde_json::json!(false))
    })
}

/// A subscription of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// `email`, `sqs`, ….
    pub protocol: String,
    /// Where it goes.
    pub endpoint: String,
    /// Whether somebody followed the link.
    pub is_confirmed: bool,
}

/// Who hears of drills and alarms.
pub fn topic(subscriptions: &Looked<Vec<Subscription>>) -> Finding {
    let subject = "subscription";
    let absent = || Finding::problem(subject, "the topic isn't there: nobody is told of anything", APPLY);
    subscriptions.judge(subject, absent, |all| {
        // Of an ARN the name says enough; an address has no colon.
        let told = |s: &Subscription| {
            format!("{} {}", s.protocol, s.endpoint.rsplit(':').next().unwrap_or_default())
        };
        let waiting: Vec<String> = all.iter().filter(|s| !s.is_confirmed).map(told).collect();
        let confirmed: Vec<String> = all.iter().filter(|s| s.is_confirmed).map(told).collect();
        let follow = "follow the link that AWS sent (perhaps into a folder of spam), or subscribe anew";
        match (confirmed.is_empty(), waiting.is_empty()) {
            (true, true) => Finding::problem(
                subject,
                "the topic has none: nobody is told of anything",
                "notify_emails of the module, or aws sns subscribe",
            ),
            (true, false) => Finding::problem(
                subject,
                format!("unconfirmed, so nobody is told: {}", waiting.join(", ")),
                follow,
            ),
            (false, false) => Finding::warning(
                subject,
                format!("{}; unconfirmed: {}", confirmed.join(", "), waiting.join(", ")),
                follow,
            ),
            (false, true) => Finding::ok(subject, confirmed.join(", ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    const POLICY: &str = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}"#;

    fn settings() -> Bucket {
        Bucket {
            is_versioned: Looked::Found(true),
            encryption: Looked::Found("AES256".to_owned()),
            is_blocked: Looked::Found(true),
            policy: Looked::Found(POLICY.to_owned()),
            lock: Looked::Absent,
        }
    }

    fn judged(change: fn(&mut Bucket)) -> Vec<Status> {
        let mut settings = settings();
        change(&mut settings);
        bucket(&settings).into_iter().map(|finding| finding.status).collect()
    }

    #[test]
    fn a_bucket_of_the_module_is_ok_and_each_setting_counts() {
        let bad = |at: usize| {
            (0..5).map(|i| if i == at { Status::Problem } else { Status::Ok }).collect::<Vec<_>>()
        };
        assert_eq!(judged(|_| ()), vec![Status::Ok; 5]);
        assert_eq!(judged(|b| b.is_versioned = Looked::Found(false)), bad(0));
        assert_eq!(judged(|b| b.is_versioned = Looked::Absent), bad(0));
        assert_eq!(judged(|b| b.encryption = Looked::Absent), bad(1));
        assert_eq!(judged(|b| b.is_blocked = Looked::Found(false)), bad(2));
        assert_eq!(judged(|b| b.policy = Looked::Absent), bad(3));
        assert_eq!(judged(|b| b.policy = Looked::Found(POLICY.replace("Deny", "Allow"))), bad(3));
        assert_eq!(judged(|b| b.policy = Looked::Found(POLICY.replace("false", "true"))), bad(3));
        assert_eq!(judged(|b| b.policy = Looked::Found(POLICY.replace("s3:*", "s3:GetObject"))), bad(3));
    }

    #[test]
    fn a_topic_that_reaches_nobody_is_a_problem() {
        let judged = |confirmed: &[bool]| {
            let all = confirmed.iter().map(|is_confirmed| Subscription {
                protocol: "email".to_owned(),
                endpoint: "night@example.com".to_owned(),
                is_confirmed: *is_confirmed,
            });
            topic(&Looked::Found(all.collect())).status
        };
        assert_eq!(judged(&[true]), Status::Ok);
        assert_eq!(judged(&[]), Status::Problem);
        assert_eq!(judged(&[false]), Status::Problem);
        assert_eq!(judged(&[true, false]), Status::Warning);
        assert_eq!(topic(&Looked::Absent).status, Status::Problem);
    }
}
