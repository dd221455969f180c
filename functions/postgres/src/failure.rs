//! What an error of the client or the server means: PostgreSQL's SQLSTATEs (documentation, appendix A)
//! and rustls's errors, as the errors of the ports.
//!
//! Texts made here never hold a row's value: DETAIL is left out, and so is what the primary message
//! quotes when the class of the error is about values.

use std::error::Error as StdError;
use std::io;

use drill::ports::{ConnectError, MeasureError};
use rustls::CertificateError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity};

/// The longest text of a server's message that is passed on, in characters.
const MESSAGE_MAX: usize = 300;

/// Reads an error of connecting. The caller knows to what and as whom, and says so.
pub(crate) fn of_connecting(error: &Error) -> ConnectError {
    if let Some(answer) = error.as_db_error() {
        return of_server_answer(answer.code().code(), &message_of(answer));
    }
    if let Some(tls) = find_tls_error(error) {
        return ConnectError::Untrusted(tls_problem(tls));
    }
    let text = chain(error);
    if text.contains("server does not support TLS") {
        return ConnectError::Untrusted(
            "the server offers no TLS, so that the token was not sent; RDS always offers it: is this the replica?"
                .to_owned(),
        );
    }
    ConnectError::Unreachable(text)
}

fn of_server_answer(state: &str, message: &str) -> ConnectError {
    let fact = format!("{message} (SQLSTATE {state})");
    let hint = match state {
        // Starting up, shutting down, or crashed and recovering: another try may work.
        "57P01" | "57P02" | "57P03" => return ConnectError::Unreachable(fact),
        _ if state.starts_with("08") => return ConnectError::Unreachable(fact),
        "3D000" => "the replica has no such database: check database.name",
        "53300" => "every connection is taken: raise max_connections in the replica's parameter group",
        "42501" => "the role may not connect to the database: GRANT CONNECT ON DATABASE … TO the role",
        _ if state.starts_with("28") => {
            "on the source the role needs LOGIN and membership in rds_iam; the function's role needs \
             rds-db:connect on the replica's resource id and this role"
        }
        _ => return ConnectError::Refused(fact),
    };
    ConnectError::Refused(format!("{fact}; {hint}"))
}

/// The TLS error inside an error, however deep.
fn find_tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next: Option<&'a (dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An I/O error's source is its inner error's source: the inner error itself is looked at here.
        if let Some(inner) = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(tls) = inner.downcast_ref::<rustls::Error>()
        {
            return Some(tls);
        }
        next = current.source();
    }
    None
}

fn tls_problem(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return format!("TLS 1.2 or newer couldn't be set up: {error}; is this the replica?");
    };
    match certificate {
        CertificateError::UnknownIssuer => "the server's certificate is of an unknown authority; is the CA \
                                            bundle the one of RDS for this region, and up to date?"
            .to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "the server's certificate is for another host ({certificate}); connect by the endpoint's own name"
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!(
                "the server's certificate has expired ({certificate}); renew it with a newer CA on the source"
            )
        }
        other => format!("the server's certificate can't be trusted: {other}"),
    }
}

/// `query_canceled`: `statement_timeout` ended the statement. Nobody else cancels one on a replica.
const QUERY_CANCELED: &str = "57014";

/// What was being measured, for the hints of an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measuring<'a> {
    /// What it is, in words: `counting public.answers`. Said when the connection breaks; other errors go
    /// where it is known.
    pub(crate) doing: &'a str,
    /// The statement that lets the role measure it, where it is known.
    pub(crate) grant: &'a str,
    /// The role.
    pub(crate) role: &'a str,
    /// The way out when a statement took too long.
    pub(crate) late: &'static str,
}

impl<'a> Measuring<'a> {
    /// What is being measured, by whom, and what would let them.
    pub(crate) const fn new(doing: &'a str, grant: &'a str, role: &'a str) -> Self {
        Self { doing, grant, role, late: "" }
    }
}

/// Reads an error of measuring.
pub(crate) fn of_measuring(measuring: Measuring<'_>, error: &Error) -> MeasureError {
    let doing = measuring.doing;
    let Some(answer) = error.as_db_error() else {
        return MeasureError::Lost(format!("{doing}: {}", chain(error)));
    };
    let state = answer.code().code();
    let fact = format!("{} (SQLSTATE {state})", message_of(answer));
    if ends_the_session(answer) {
        return MeasureError::Lost(format!("{doing}: {fact}"));
    }
    if state == QUERY_CANCELED {
        return MeasureError::TimedOut { reason: fact, hint: measuring.late.to_owned() };
    }
    let hint = match state {
        "42501" if is_row_level_security(answer) => format!(
            "a row-level policy would hide rows; on the source: ALTER ROLE {} BYPASSRLS",
            crate::quote_identifier(measuring.role)
        ),
        "42501" => format!("on the source: {}", measuring.grant),
        "55P03" => "somebody else holds a lock on the replica; it should have no other sessions".to_owned(),
        "54001" | "53000" | "53100" | "53200" | "53400" => {
            "the replica lacks a resource for it: try a larger instance class".to_owned()
        }
        _ => return MeasureError::Failed(fact),
    };
    MeasureError::NotMeasured { reason: fact, hint }
}

/// Whether the server ended the session together with the statement: another try may work.
fn ends_the_session(answer: &DbError) -> bool {
    matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || answer.code().code().starts_with("08")
        || answer.code().code().starts_with("57P")
}

/// Whether it's `row_security = off` that refused: only the routine tells, as the text may be translated
/// and the SQLSTATE is the one of a missing right (PostgreSQL, `utils/misc/rls.c`).
fn is_row_level_security(answer: &DbError) -> bool {
    answer.routine() == Some("check_enable_rls")
}

/// The server's primary message on one line, bounded, without values of rows.
pub(crate) fn message_of(answer: &DbError) -> String {
    without_values(answer.code().code(), answer.message())
}

fn without_values(state: &str, message: &str) -> String {
    let text = if state.starts_with("22") || state.starts_with("23") {
        // Data exceptions quote the value: `invalid input syntax for type integer: "…"`.
        blank_quoted(message)
    } else if state.starts_with("P0") {
        // A function's own RAISE may say anything.
        "a function raised an error; its text is left out, as it may hold values".to_owned()
    } else {
        message.to_owned()
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_MAX).collect()
}

/// Replaces what stands between the first and the last double quote: a value may hold quotes itself.
fn blank_quoted(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}…{}", &message[..=first], &message[last..])
        }
        _ => message.to_owned(),
    }
}

/// An error of the client with its sources, each once, on one line.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_and_stopping_servers_are_unreachable_so_that_the_step_is_tried_again() {
        for state in ["57P01", "57P02", "57P03", "08006"] {
            assert!(matches!(of_server_answer(state, "x"), ConnectError::Unreachable(_)), "{state}");
        }
    }

    #[test]
    fn answers_that_another_try_does_not_change_are_refusals_with_a_hint() {
        for (state, hint) in [
            ("28000", "rds_iam"),
            ("28P01", "rds_iam"),
            ("3D000", "database.name"),
            ("53300", "max_connections"),
            ("42501", "GRANT CONNECT"),
        ] {
            let error = of_server_answer(state, "no");
            assert!(matches!(error, ConnectError::Refused(_)), "{state}");
            assert!(error.to_string().contains(hint), "{error}");
        }
    }

    #[test]
    fn each_certificate_problem_is_named() {
        for (problem, words) in [
            (CertificateError::UnknownIssuer, "unknown authority"),
            (CertificateError::NotValidForName, "another host"),
            (CertificateError::Expired, "has expired"),
            (CertificateError::BadEncoding, "can't be trusted"),
        ] {
            let text = tls_problem(&rustls::Error::InvalidCertificate(problem));
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn messages_about_values_lose_the_values() {
        assert_eq!(
            without_values("22P02", "invalid input syntax for type integer: \"4 \"secret\" 2\""),
            "invalid input syntax for type integer: \"…\""
        );
        assert!(!without_values("P0001", "balance of Jane is 7").contains("Jane"));
        assert_eq!(without_values("XX001", "invalid page in block 7"), "invalid page in block 7");
        assert_eq!(without_values("42601", "syntax error\nat"), "syntax error at");
    }
}
