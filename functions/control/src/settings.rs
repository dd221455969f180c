//! What the functions outside the VPC are told by their environment, read once when one starts.

use drill::ids::Deployment;
use restore_drill_lambda::{SettingsError, required};

const DEPLOYMENT: &str = "RESTORE_DRILL_DEPLOYMENT";
const BUCKET: &str = "RESTORE_DRILL_BUCKET";
const TOPIC_ARN: &str = "RESTORE_DRILL_TOPIC_ARN";

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// What the step itself knows.
    pub(crate) step: drill::steps::Settings,
    /// The evidence bucket.
    pub(crate) bucket: String,
    /// The topic that people are told by.
    pub(crate) topic_arn: String,
}

/// Names the first setting that is missing or malformed.
pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
    let required = |name, meaning| required(&variable, name, meaning);
    let deployment = Deployment::parse(&required(DEPLOYMENT, "the name of the deployment")?)
        .map_err(|e| SettingsError::Malformed { name: DEPLOYMENT, problem: e.to_string() })?;
    Ok(Settings {
        step: drill::steps::Settings { deployment },
        bucket: required(BUCKET, "the name of the evidence bucket")?,
        topic_arn: required(TOPIC_ARN, "the ARN of the topic that people are told by")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            DEPLOYMENT => "prod",
            BUCKET => "evidence",
            TOPIC_ARN => "arn:aws:sns:eu-central-1:123456789012:drills",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn each_missing_setting_is_named_with_its_meaning() {
        for name in [DEPLOYMENT, BUCKET, TOPIC_ARN] {
            let error = of(|n| if n == name { None } else { complete(n) }).unwrap_err();
            let line = error.to_string();
            assert!(line.starts_with(&format!("environment variable {name} is missing: ")), "{line}");
            assert!(!line.contains('\n'));
        }
    }

    #[test]
    fn a_malformed_deployment_is_refused_with_the_variable_s_name() {
        let error =
            of(|n| if n == DEPLOYMENT { Some("Prod_1".to_owned()) } else { complete(n) }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable RESTORE_DRILL_DEPLOYMENT: deployment \"Prod_1\" must start with a lower-case letter"
        );
    }

    #[test]
    fn complete_settings_are_read() {
        let settings = of(complete).expect("they are complete");
        assert_eq!(settings.step.deployment.as_str(), "prod");
        assert_eq!(settings.bucket, "evidence");
    }
}
