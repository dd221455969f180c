//! How every client talks to AWS: time-outs, retries, and where to.
//!
//! In Lambda everything that a client must be told is in the environment: region and credentials
//! (Lambda developer guide, "Defined runtime environment variables"). So it is read here, and the
//! ways that a laptop has to credentials, such as files, single sign-on and the metadata service, stay
//! out of the artifact. They are `aws-config`'s, which the command line uses.
//!
//! `AWS_ENDPOINT_URL` and its forms for one service, such as `AWS_ENDPOINT_URL_RDS`, are how a drill
//! runs on one machine (AWS SDKs and Tools reference guide, "Service-specific endpoints").

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_rds::config::{AppName, BehaviorVersion, IdentityCache, Region};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::origin::Origin;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// To open a connection. Regional endpoints answer within milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// To the first byte of an answer. `DescribeDBInstances` of a full page takes about a second.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// One attempt, with the reading of its body: at most 8 MiB of evidence.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// All attempts of one call and the pauses between them.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(50);
/// The first try and two more. The state machine retries above this, with longer pauses; more here
/// would multiply, and a throttled account would be asked by a storm.
const ATTEMPTS_MAX: u32 = 3;
/// The longest pause between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(4);

/// The variable of all services' endpoint, and the beginning of those for one.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The configuration that every client of a function is made from. Reads the environment, calls nobody.
/// Without credentials in it the first call of a client fails.
pub fn of_environment() -> SdkConfig {
    // Not `vars`, which panics where anything in the environment isn't UTF-8.
    let texts = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("AWS_"))?;
        Some((name, value.into_string().ok()?))
    });
    of_variables(&texts.collect())
}

fn of_variables(variables: &BTreeMap<String, String>) -> SdkConfig {
    // Empty is unset, as for AWS's own programs.
    let get = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let is_on = |name| get(name).map(|value| value.eq_ignore_ascii_case("true"));
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .app_name(AppName::new("restore-drill").expect("the name holds only letters and a hyphen"))
        .identity_cache(IdentityCache::lazy().build())
        .region(get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")).map(Region::new))
        .timeout_config(time_outs())
        .retry_config(retries())
        .service_config(Endpoints::of(variables));
    builder.insert_origin("retry_config", Origin::shared_config());
    // Else it would go before the service's own.
    builder.insert_origin("endpoint_url", Origin::shared_environment_variable());
    builder.set_endpoint_url(get(ENDPOINT_URL));
    builder.set_use_fips(is_on("AWS_USE_FIPS_ENDPOINT"));
    builder.set_use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"));
    if let (Some(key), Some(secret)) = (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
        let session = get("AWS_SESSION_TOKEN");
        // Lambda ends the process before they expire.
        let credentials = Credentials::new(key, secret, session, None, "Environment");
        builder.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
    }
    builder.build()
}

/// Where services are, as the environment says; holds nothing else of it, as it may be printed.
#[derive(Debug)]
struct Endpoints(BTreeMap<String, String>);

impl Endpoints {
    fn of(variables: &BTreeMap<String, String>) -> Self {
        let is_endpoint =
            |(name, value): &(&String, &String)| name.starts_with(ENDPOINT_URL) && !value.is_empty();
        Self(variables.iter().filter(is_endpoint).map(|(name, url)| (name.clone(), url.clone())).collect())
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace([' ', '-'], "_");
        self.0.get(&format!("{}_{service}", key.env())).or_else(|| self.0.get(key.env())).cloned()
    }
}

/// The time-outs of every call.
pub fn time_outs() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// The retries of every call: exponential, with jitter, on throttling, time-outs and errors of the
/// connection or of AWS.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_max_backoff(BACKOFF_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> SdkConfig {
        of_variables(
            &variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn a_services_own_endpoint_goes_before_the_general_one() {
        let configuration =
            of(&[("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_RDS", "http://databases")]);
        let of_service = |id| {
            let key =
                ServiceConfigKey::builder().service_id(id).env(ENDPOINT_URL).profile("endpoint_url").build();
            configuration.service_config().and_then(|c| c.load_config(key.ok()?))
        };
        assert_eq!(of_service("RDS").as_deref(), Some("http://databases"));
        assert_eq!(of_service("SFN").as_deref(), Some("http://all"));
        assert_eq!(configuration.endpoint_url(), Some("http://all"));
        assert!(!configuration.get_origin("endpoint_url").is_client_config());
    }

    #[test]
    fn what_is_absent_or_empty_is_left_to_the_sdk() {
        let configuration = of(&[("AWS_ENDPOINT_URL", ""), ("AWS_REGION", "")]);
        assert_eq!(configuration.endpoint_url(), None);
        assert_eq!(configuration.region(), None);
        assert_eq!(configuration.use_fips(), None);
        assert!(configuration.credentials_provider().is_none());
    }

    #[test]
    fn fips_endpoints_can_be_asked_for() {
        assert_eq!(of(&[("AWS_USE_FIPS_ENDPOINT", "TRUE")]).use_fips(), Some(true));
    }

    #[test]
    fn region_and_credentials_come_from_the_environment_and_are_not_printed() {
        let configuration = of(&[
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "a-secret"),
            ("AWS_SESSION_TOKEN", "a-token"),
        ]);
        assert_eq!(configuration.region().map(AsRef::as_ref), Some("eu-central-1"));
        assert!(configuration.credentials_provider().is_some());
        let printed = format!("{configuration:?}");
        assert!(!printed.contains("a-secret") && !printed.contains("a-token"), "{printed}");
    }
}
