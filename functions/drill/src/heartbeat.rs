//! The heartbeat for a dead man's switch outside AWS: which address is asked, and what it is told.
//!
//! The address is a secret of sorts: who knows it can keep the switch quiet. So it has no way into a text:
//! no `Debug`, no `Display`, no serialization, and no error quotes it.

use crate::evidence::{Evidence, Verdict};
use crate::ids::DrillId;

/// What the switch is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// A drill has begun.
    Start,
    /// It ended verified, and everybody was told.
    Success,
    /// It ended in any other way.
    Fail,
}

impl Pulse {
    /// What a drill that ended tells: success only when it was verified and nothing broke after it.
    pub fn of(evidence: &Evidence) -> Self {
        if evidence.verdict == Verdict::Verified && evidence.failure.is_none() {
            Self::Success
        } else {
            Self::Fail
        }
    }

    /// What is put behind the address, as healthchecks.io and others have it.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Start => "/start",
            Self::Success => "",
            Self::Fail => "/fail",
        }
    }
}

/// Whether the address may be one of this machine without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// Only https, as everywhere in AWS: plain http on a function's own machine is Lambda's own interface.
    Never,
    /// Where AWS itself is on this machine.
    OnThisMachine,
}

/// The address of a switch.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Scheme, host and path, without a slash at the end.
    base: String,
    /// From the `?`, else empty.
    query: String,
}

/// An address that isn't asked; says why and never what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret holds no address that may be asked: {0}")]
pub struct BadAddress(&'static str);

/// The longest address, in bytes.
const ADDRESS_MAX_BYTES: usize = 1000;
/// The longest text that is sent along, in bytes.
const BODY_MAX_BYTES: usize = 1000;

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`BadAddress`] for any that isn't https with a host, or that holds a name, a password or a fragment.
    pub fn parse(text: &str, plain: Plain) -> Result<Self, BadAddress> {
        let text = text.trim();
        if text.len() > ADDRESS_MAX_BYTES {
            return Err(BadAddress("it is longer than 1,000 bytes"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadAddress("it holds blanks or letters that aren't ASCII"));
        }
        let (rest, is_plain) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => return Err(BadAddress("it doesn't begin with https://")),
        };
        if rest.contains('#') {
            return Err(BadAddress("it has a fragment"));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains(['@', '\\']) {
            return Err(BadAddress("it holds a user's name or password"));
        }
        let host = host_of(authority);
        if host.is_empty() {
            return Err(BadAddress("it has no host"));
        }
        let is_here = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
        if is_plain && !(plain == Plain::OnThisMachine && is_here) {
            return Err(BadAddress("it begins with http:// and would be read by everybody on the way"));
        }
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base, format!("?{query}")),
            None => (text, String::new()),
        };
        Ok(Self { base: base.trim_end_matches('/').to_owned(), query })
    }

    /// The address of a pulse. For the request alone: it is the secret.
    pub fn of(&self, pulse: Pulse) -> String {
        format!("{}{}{}", self.base, pulse.suffix(), self.query)
    }
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_of(authority: &str) -> &str {
    match authority.find(']') {
        Some(end) if authority.starts_with('[') => &authority[..=end],
        _ => authority.split(':').next().unwrap_or_default(),
    }
}

/// What is sent with a pulse: the drill, and how it ended. What a person reads on the switch's page.
pub fn body(drill: &DrillId, ended: Option<&Evidence>) -> String {
    let mut body = match ended {
        None => format!("{drill}: begun"),
        Some(evidence) => format!("{drill}: {}\n{}", evidence.verdict, evidence.summary),
    };
    body.truncate(body.floor_char_boundary(BODY_MAX_BYTES));
    body
}
