//! What the functions inside the VPC are told by their environment, read once when one starts.
//!
//! Lambda sets the credentials of the function's role for the life of one environment, and makes a new
//! environment before they expire.

use std::path::PathBuf;

use restore_drill_lambda::{SettingsError, required};
use restore_drill_postgres::token::Credentials;

const CA_BUNDLE: &str = "RESTORE_DRILL_CA_BUNDLE";
const REGION: &str = "AWS_REGION";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// PEM file with the authorities that the replica's certificate may be of; relative to the
    /// function's own files.
    pub(crate) ca_bundle: PathBuf,
    /// The region that tokens are signed for.
    pub(crate) region: String,
    /// The credentials that they are signed with.
    pub(crate) credentials: Credentials,
}

/// Names the first setting that is missing.
pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
    let required = |name, meaning| required(&variable, name, meaning);
    let bundle =
        required(CA_BUNDLE, "the PEM file of the authorities that the database's certificate is of")?;
    Ok(Settings {
        ca_bundle: bundle.into(),
        region: required(REGION, "the region, set by Lambda")?,
        credentials: Credentials::new(
            required(ACCESS_KEY_ID, "the credentials of the function's role, set by Lambda")?,
            required(SECRET_ACCESS_KEY, "the credentials of the function's role, set by Lambda")?,
            variable(SESSION_TOKEN),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            CA_BUNDLE => "global-bundle.pem",
            REGION => "eu-central-1",
            ACCESS_KEY_ID => "AKIDEXAMPLE",
            SECRET_ACCESS_KEY => "wJalrXUtnFEMI",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn each_missing_setting_is_named_with_its_meaning() {
        for name in [CA_BUNDLE, REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY] {
            let line = of(|n| if n == name { None } else { complete(n) }).unwrap_err().to_string();
            assert!(line.starts_with(&format!("environment variable {name} is missing: ")), "{line}");
            assert!(!line.contains('\n') && !line.contains("wJalr"), "{line}");
        }
    }

    #[test]
    fn complete_settings_are_read_and_show_no_secret() {
        let settings = of(complete).expect("they are complete");
        assert_eq!(settings.region, "eu-central-1");
        assert!(!format!("{settings:?}").contains("wJalr"));
    }
}
