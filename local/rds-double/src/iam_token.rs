//! Decides whether a token of IAM opens a database: what it says, how old it is, who signed it.
//!
//! A token is a presigned URL without its scheme. Never decides what the user may do then, and
//! knows no policies: in AWS, `rds-db:connect` must also be allowed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The longest life of a token.
const LIFE_MAX_S: i64 = 900;

/// How far ahead of ours the signer's clock may be.
const SKEW_MAX_S: i64 = 300;

/// What a token must say.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The endpoint, as `host:port`.
    pub endpoint: &'a str,
    /// The database user.
    pub user: &'a str,
    /// The region.
    pub region: &'a str,
    /// The secret that signs; not checked if empty.
    pub secret: &'a str,
}

/// Why a token does not open the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Something that a token has isn't there or can't be read.
    #[error("the token has no readable {0}")]
    Malformed(&'static str),
    /// It is for something else.
    #[error("the token is for the {part} `{found}`")]
    Elsewhere {
        /// What differs.
        part: &'static str,
        /// What the token says.
        found: String,
    },
    /// It is too old, or of the future.
    #[error("the token is not valid at this time")]
    Expired,
    /// It was signed with another secret, or changed since.
    #[error("the token's signature does not match")]
    Signature,
}

/// Checks a token.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(token: &str, expected: &Expected<'_>, now: DateTime<Utc>) -> Result<(), TokenError> {
    let (host, query) = token.split_once("/?").ok_or(TokenError::Malformed("query"))?;
    let fields: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    let field = |name: &'static str| fields.get(name).map(String::as_str).ok_or(TokenError::Malformed(name));
    same("endpoint", host, expected.endpoint)?;
    same("action", field("Action")?, "connect")?;
    same("user", field("DBUser")?, expected.user)?;
    let credential = field("X-Amz-Credential")?;
    let (_, scope) = credential.split_once('/').ok_or(TokenError::Malformed("credential"))?;
    let [day, region, service, end] = scope.split('/').collect::<Vec<_>>()[..] else {
        return Err(TokenError::Malformed("credential"));
    };
    same("region", region, expected.region)?;
    same("service", service, "rds-db")?;
    same("scope", end, "aws4_request")?;
    check_time(field("X-Amz-Date")?, field("X-Amz-Expires")?, now)?;
    if expected.secret.is_empty() {
        return Ok(());
    }
    let canonical: Vec<String> = fields
        .iter()
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let request =
        format!("GET\n/\n{}\nhost:{host}\n\nhost\n{}", canonical.join("&"), hex(&Sha256::digest(b"")));
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
        field("X-Amz-Date")?,
        hex(&Sha256::digest(request.as_bytes()))
    );
    let first = format!("AWS4{}", expected.secret).into_bytes();
    let key = [day, region, service, end].iter().fold(first, |key, part| sign(&key, part));
    if hex(&sign(&key, &text)) == field("X-Amz-Signature")? { Ok(()) } else { Err(TokenError::Signature) }
}

fn same(part: &'static str, found: &str, wanted: &str) -> Result<(), TokenError> {
    if found == wanted { Ok(()) } else { Err(TokenError::Elsewhere { part, found: found.to_owned() }) }
}

fn check_time(signed: &str, life_s: &str, now: DateTime<Utc>) -> Result<(), TokenError> {
    let signed = NaiveDateTime::parse_from_str(signed, "%Y%m%dT%H%M%SZ")
        .map_err(|_| TokenError::Malformed("X-Amz-Date"))?
        .and_utc();
    let life_s: i64 = life_s.parse().map_err(|_| TokenError::Malformed("X-Amz-Expires"))?;
    let fresh = now - signed <= TimeDelta::seconds(life_s.min(LIFE_MAX_S));
    let begun = signed - now <= TimeDelta::seconds(SKEW_MAX_S);
    if fresh && begun && life_s <= LIFE_MAX_S { Ok(()) } else { Err(TokenError::Expired) }
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Undoes percent-encoding. A `+` is itself: tokens are not forms.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encodes as signatures want it: all but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by botocore 1.43 with the secret `test`.
    const TOKEN: &str = "localhost:25263/?Action=connect&DBUser=drill%2Breader&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20261121%2Fus-east-1%2Frds-db%2Faws4_request&X-Amz-Date=20261121T115425Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=26e46018f48935cbaa9237882e8ef6011451b78f6d4caae5d4593cf2994016ac";

    fn expected() -> Expected<'static> {
        Expected { endpoint: "localhost:25263", user: "drill+reader", region: "us-east-1", secret: "test" }
    }

    fn signed_at() -> DateTime<Utc> {
        "2026-11-21T11:54:25Z".parse().unwrap()
    }

    #[test]
    fn a_token_of_botocore_is_valid_for_fifteen_minutes() {
        assert_eq!(verify(TOKEN, &expected(), signed_at()), Ok(()));
        let late = signed_at() + TimeDelta::minutes(16);
        assert_eq!(verify(TOKEN, &expected(), late), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_for_another_endpoint_user_or_region_is_refused() {
        let others = [
            Expected { endpoint: "localhost:1", ..expected() },
            Expected { user: "master", ..expected() },
            Expected { region: "eu-west-1", ..expected() },
        ];
        for other in others {
            let refused = verify(TOKEN, &other, signed_at());
            assert!(matches!(refused, Err(TokenError::Elsewhere { .. })), "{other:?}");
        }
    }

    #[test]
    fn a_token_signed_with_another_secret_is_refused() {
        let other = Expected { secret: "other", ..expected() };
        assert_eq!(verify(TOKEN, &other, signed_at()), Err(TokenError::Signature));
    }

    #[test]
    fn a_password_is_no_token() {
        assert_eq!(verify("hunter22", &expected(), signed_at()), Err(TokenError::Malformed("query")));
    }
}
