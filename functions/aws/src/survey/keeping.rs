//! The evidence bucket's settings, and who hears of drills.

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectLockRetentionMode, ObjectLockRule};
use drill::setup::Looked;
use drill::setup::keeping::{Bucket, Subscription};

use super::{PAGES_MAX, Survey, looked, present};

impl Survey {
    /// The settings of a bucket, each looked at by itself.
    pub async fn bucket(&self, name: &str) -> Bucket {
        Bucket {
            is_versioned: self.versioning(name).await,
            encryption: self.encryption(name).await,
            is_blocked: self.public_access(name).await,
            policy: self.policy(name).await,
            lock: self.lock(name).await,
        }
    }

    async fn versioning(&self, name: &str) -> Looked<bool> {
        let answer = self.s3.get_bucket_versioning().bucket(name).send().await;
        looked(answer, "s3:GetBucketVersioning", &[])
            .map(|answer| answer.status() == Some(&BucketVersioningStatus::Enabled))
    }

    async fn encryption(&self, name: &str) -> Looked<String> {
        let answer = self.s3.get_bucket_encryption().bucket(name).send().await;
        let absent = ["ServerSideEncryptionConfigurationNotFoundError"];
        present(looked(answer, "s3:GetEncryptionConfiguration", &absent), |answer| {
            let rules = answer.server_side_encryption_configuration()?.rules();
            let default = rules.first()?.apply_server_side_encryption_by_default()?;
            let key = default.kms_master_key_id().map(|key| format!(" with {key}")).unwrap_or_default();
            Some(format!("{}{key}", default.sse_algorithm().as_str()))
        })
    }

    async fn public_access(&self, name: &str) -> Looked<bool> {
        let answer = self.s3.get_public_access_block().bucket(name).send().await;
        let absent = ["NoSuchPublicAccessBlockConfiguration"];
        present(looked(answer, "s3:GetBucketPublicAccessBlock", &absent), |answer| {
            let block = answer.public_access_block_configuration()?;
            let all = [
                block.block_public_acls(),
                block.block_public_policy(),
                block.ignore_public_acls(),
                block.restrict_public_buckets(),
            ];
            Some(all.into_iter().all(|shut| shut == Some(true)))
        })
    }

    async fn policy(&self, name: &str) -> Looked<String> {
        let answer = self.s3.get_bucket_policy().bucket(name).send().await;
        present(looked(answer, "s3:GetBucketPolicy", &["NoSuchBucketPolicy"]), |answer| answer.policy)
    }

    async fn lock(&self, name: &str) -> Looked<String> {
        let answer = self.s3.get_object_lock_configuration().bucket(name).send().await;
        let absent = ["ObjectLockConfigurationNotFoundError"];
        present(looked(answer, "s3:GetBucketObjectLockConfiguration", &absent), |answer| {
            let default =
                answer.object_lock_configuration()?.rule().and_then(ObjectLockRule::default_retention);
            let Some(default) = default else {
                return Some("on, without a default: records aren't locked".to_owned());
            };
            let mode = default.mode().map(ObjectLockRetentionMode::as_str).unwrap_or_default();
            let span = match (default.days(), default.years()) {
                (Some(days), _) => format!("{days} days"),
                (None, Some(years)) => format!("{years} years"),
                (None, None) => "no time".to_owned(),
            };
            Some(format!("{mode}, {span}"))
        })
    }

    /// The subscriptions of a topic.
    pub async fn subscriptions(&self, topic: &str) -> Looked<Vec<Subscription>> {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let call = self.sns.list_subscriptions_by_topic().topic_arn(topic).set_next_token(token);
            let page =
                looked(call.send().await, "sns:ListSubscriptionsByTopic", &["NotFound", "NotFoundException"]);
            let page = match page {
                Looked::Found(page) => page,
                other => return other.map(|_| Vec::new()),
            };
            let own = |value: Option<&str>| value.unwrap_or_default().to_owned();
            // In the place of its ARN SNS says of one that nobody confirmed `PendingConfirmation`, and of one that
            // somebody left `Deleted` (Amazon SNS API reference, `Subscription`).
            found.extend(page.subscriptions().iter().map(|one| Subscription {
                protocol: own(one.protocol()),
                endpoint: own(one.endpoint()),
                is_confirmed: one.subscription_arn().is_some_and(|arn| arn.starts_with("arn:")),
            }));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        Looked::Found(found)
    }
}
