//! The token of IAM database authentication: a presigned request that RDS takes as a password.
//!
//! It is signed here, without a call to AWS, and is good for 15 minutes (Amazon RDS User Guide, "IAM
//! database authentication"). AWS's own signer for Rust falls back
//! to us-east-1 when it isn't told a region and doesn't percent-encode the role's name; both give a
//! token that the server refuses, which is why this one wants the region and encodes.

use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign as sign_request,
};
use aws_sigv4::sign::v4;
use chrono::{DateTime, Utc};
use drill::instance::Endpoint;

/// How long a token is good for: the longest that RDS accepts.
const TOKEN_LIFETIME: Duration = Duration::from_mins(15);
/// The signing name of the service (not `rds`, which is the API's).
const SERVICE: &str = "rds-db";
/// The order in which the parameters are written: AWS's own for presigned requests.
const PARAMETERS: [&str; 6] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
];

/// The credentials of the function's role. `Debug` shows nothing but the access key's id.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Credentials {
    /// Credentials from values that somebody read. An empty session token counts as none: Lambda's
    /// environment always has the variable, and some stand-ins leave it empty.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: session_token.filter(|token| !token.is_empty()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.access_key_id)
    }
}

/// A token: a secret for 15 minutes. `Debug` shows nothing of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthToken(String);

impl AuthToken {
    /// The token as the password that the server is sent, inside TLS only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(…)")
    }
}

/// A token that couldn't be signed: the host isn't one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing a token for role {user:?} at {host}:{port}: {problem}")]
pub struct TokenError {
    host: String,
    port: u16,
    user: String,
    problem: String,
}

/// Signs a token for a role of a database.
///
/// `region` is the region of the instance; there is no default, as a token of another region is
/// refused with no more than "PAM authentication failed".
///
/// # Errors
/// [`TokenError`] when the host can't be part of a request.
pub fn sign(
    credentials: &Credentials,
    region: &str,
    endpoint: &Endpoint,
    user: &str,
    now: DateTime<Utc>,
) -> Result<AuthToken, TokenError> {
    let (host, port) = (&endpoint.host, endpoint.port);
    let failed = |problem: String| TokenError { host: host.clone(), port, user: user.to_owned(), problem };
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(TOKEN_LIFETIME);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        credentials.session_token.clone(),
        None,
        "restore-drill",
    )
    .into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(SystemTime::from(now))
        .settings(settings)
        .build()
        .map_err(|error| failed(error.to_string()))?;

    let request = format!("{host}:{port}/?Action=connect&DBUser={}", percent_encode(user));
    let url = format!("https://{request}");
    let signable = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(|error| failed(error.to_string()))?;
    let (instructions, signature) =
        sign_request(signable, &parameters.into()).map_err(|error| failed(error.to_string()))?.into_parts();

    let mut token = request;
    for name in PARAMETERS {
        if let Some((_, value)) = instructions.params().iter().find(|(given, _)| *given == name) {
            let _ = write!(token, "&{name}={}", percent_encode(value));
        }
    }
    let _ = write!(token, "&X-Amz-Signature={signature}");
    Ok(AuthToken(token))
}

/// Percent-encodes all but RFC 3986's unreserved characters, as Signature Version 4 wants it.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(session_token: Option<&str>) -> AuthToken {
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", session_token.map(str::to_owned));
        let endpoint =
            Endpoint { host: "replica.example.eu-west-1.rds.amazonaws.com".to_owned(), port: 5432 };
        sign(&credentials, "eu-west-1", &endpoint, "drill", DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn debug_shows_nothing_of_a_token_or_a_secret() {
        assert_eq!(format!("{:?}", token(Some("session"))), "AuthToken(…)");
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", Some("session".to_owned()));
        assert_eq!(format!("{credentials:?}"), "Credentials(AKIDEXAMPLE)");
    }

    #[test]
    fn an_empty_session_token_is_none() {
        assert_eq!(token(Some("")), token(None));
        assert!(!token(Some("")).expose().contains("X-Amz-Security-Token"));
        assert!(token(Some("session")).expose().contains("X-Amz-Security-Token=session"));
    }

    #[test]
    fn a_host_that_is_none_is_an_error_that_names_it() {
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", None);
        let endpoint = Endpoint { host: "not a host".to_owned(), port: 5432 };
        let error = sign(&credentials, "eu-west-1", &endpoint, "drill", DateTime::UNIX_EPOCH)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("signing a token for role \"drill\" at not a host:5432: "), "{error}");
        assert!(!error.contains("wJalr"), "{error}");
    }
}
