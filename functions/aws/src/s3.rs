//! The evidence bucket.
//!
//! Writes and reads text. Never deletes, never lists outside the prefix that it is given.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;
use drill::ports::{ReadObjects, StoreError, StoreErrorKind, WriteObjects};

use crate::failure::Failure;

/// The largest object that is read, in bytes. Evidence of 10,000 tables has about 3 MiB.
const OBJECT_SIZE_MAX_BYTES: usize = 8 << 20;
/// Names on a page of a listing: the most that S3 gives.
const PAGE_KEYS: usize = 1000;
/// The most pages that are read for one listing.
const PAGES_MAX: usize = 100;

/// The bucket of a deployment's evidence. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EvidenceBucket {
    client: aws_sdk_s3::Client,
    name: String,
}

impl EvidenceBucket {
    /// The bucket of that name. Where `AWS_ENDPOINT_URL` points at a local AWS, the bucket's name goes
    /// into the path, as a local host has no name for each bucket.
    pub fn new(configuration: &SdkConfig, name: impl Into<String>) -> Self {
        let is_local = configuration.endpoint_url().is_some();
        let settings = aws_sdk_s3::config::Builder::from(configuration).force_path_style(is_local).build();
        Self { client: aws_sdk_s3::Client::from_conf(settings), name: name.into() }
    }
}

impl ReadObjects for EvidenceBucket {
    /// A role without `s3:ListBucket` is told that it may not where the object is missing, so that
    /// this gives `Denied` instead of `None` (Amazon S3 API reference, `GetObject`).
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        let operation = "GetObject";
        let answer = match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let failure = Failure::of(error);
                return if failure.code == "NoSuchKey" {
                    Ok(None)
                } else {
                    Err(failure.of_store(operation, key))
                };
            }
        };
        let bytes = read_bounded(answer, key).await?;
        String::from_utf8(bytes).map(Some).map_err(|_| unusable(key, "it isn't UTF-8 text"))
    }

    /// In the order of S3's keys, where the `/` that ends a name counts: for names of one length, such
    /// as a source's drills, that is the order of the names.
    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut folders = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            // One more than asked for: S3 begins with the folder `after` itself.
            let wanted = (limit - folders.len()).saturating_add(1).min(PAGE_KEYS);
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(prefix)
                .delimiter("/")
                .set_start_after(after.map(|name| format!("{prefix}{name}")))
                .set_continuation_token(token)
                .max_keys(i32::try_from(wanted).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|e| Failure::of(e).of_store("ListObjectsV2", prefix))?;
            folders.extend(page.common_prefixes().iter().filter_map(|common| {
                let name = common.prefix()?.strip_prefix(prefix)?.strip_suffix('/')?;
                let is_after = after.is_none_or(|after| format!("{name}/") > format!("{after}/"));
                is_after.then(|| name.to_owned())
            }));
            token = page.next_continuation_token;
            if folders.len() >= limit || token.is_none() {
                folders.truncate(limit);
                return Ok(folders);
            }
        }
        Err(StoreError {
            kind: StoreErrorKind::Denied,
            operation: "ListObjectsV2",
            subject: prefix.to_owned(),
            message: format!("the listing goes on after {PAGES_MAX} pages"),
        })
    }
}

impl WriteObjects for EvidenceBucket {
    async fn put(&self, key: &str, content_type: &'static str, body: String) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(body.into_bytes()))
            .send()
            .await
            .map(drop)
            .map_err(|e| Failure::of(e).of_store("PutObject", key))
    }

    /// `false` also where this very call wrote the object and only its first answer was lost: the
    /// caller reads what is there before it concludes that another was first.
    async fn create(&self, key: &str, content_type: &'static str, body: String) -> Result<bool, StoreError> {
        let answer = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .if_none_match("*")
            .body(ByteStream::from(body.into_bytes()))
            .send()
            .await;
        let Err(error) = answer else { return Ok(true) };
        let failure = Failure::of(error);
        // 412: there is one. 409: another is being written at the same moment (Amazon S3 User Guide,
        // "conditional writes").
        match failure.code.as_str() {
            "PreconditionFailed" | "ConditionalRequestConflict" => Ok(false),
            _ => Err(failure.of_store("PutObject", key)),
        }
    }
}

async fn read_bounded(answer: GetObjectOutput, key: &str) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let mut body = answer.body;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| Failure::unreadable(&e.to_string()).of_store("GetObject", key))?;
        if bytes.len() + chunk.len() > OBJECT_SIZE_MAX_BYTES {
            return Err(unusable(key, &format!("it is larger than {OBJECT_SIZE_MAX_BYTES} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Trying again wouldn't help, so it isn't `Unavailable`.
fn unusable(key: &str, problem: &str) -> StoreError {
    StoreError {
        kind: StoreErrorKind::Denied,
        operation: "GetObject",
        subject: key.to_owned(),
        message: problem.to_owned(),
    }
}
