//! Connecting: what is trusted, what is sent, and how each refusal is named.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use drill::configuration::Span;
use drill::instance::Endpoint;
use drill::ports::{Connect, ConnectError, MeasureError, Session, Target};
use restore_drill_postgres::{CaBundle, Postgres, PostgresSession};

use crate::support::{self, Database, Kind, READER, REJECTED, TOKEN_ROLE, settings};

fn error_of(result: Result<PostgresSession, ConnectError>) -> ConnectError {
    let error = result.expect_err("connecting should have failed");
    assert!(!error.to_string().contains("X-Amz-"), "a token in {error}");
    error
}

#[tokio::test]
async fn the_token_is_the_password() {
    let Some(server) = support::server("the_token_is_the_password") else { return };
    let mut session = support::connect(server, "localhost", &settings("postgres", TOKEN_ROLE)).await.unwrap();
    assert_eq!(session.identity().await.unwrap().role, TOKEN_ROLE);
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_showing_it() {
    let Some(server) = support::server("a_wrong_password_is_refused_without_showing_it") else { return };
    // The token is for the host as it is written, and the password was made for another spelling.
    let error = error_of(support::connect(server, "LOCALHOST", &settings("postgres", TOKEN_ROLE)).await);
    assert!(
        matches!(&error, ConnectError::Refused(text) if text.contains("28P01") && text.contains("rds_iam")),
        "{error}"
    );
}

#[tokio::test]
async fn an_unknown_authority_is_untrusted() {
    let Some(server) = support::server("an_unknown_authority_is_untrusted") else { return };
    let (authority, settings) = (server.stranger(), settings("postgres", READER));
    let error = error_of(support::connect_trusting(&authority, server.port, "localhost", &settings).await);
    assert!(matches!(&error, ConnectError::Untrusted(text) if text.contains("unknown authority")), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_untrusted() {
    let Some(server) = support::server("a_certificate_for_another_host_is_untrusted") else { return };
    let error = error_of(support::connect(server, "127.0.0.1", &settings("postgres", READER)).await);
    assert!(matches!(&error, ConnectError::Untrusted(text) if text.contains("another host")), "{error}");
}

#[tokio::test]
async fn an_expired_certificate_and_a_server_without_tls_are_untrusted() {
    let name = "an_expired_certificate_and_a_server_without_tls_are_untrusted";
    let Some(server) = support::own_server(name, Kind::Expired, &[]) else { return };
    let error = error_of(support::connect(&server, "localhost", &settings("postgres", READER)).await);
    assert!(matches!(&error, ConnectError::Untrusted(text) if text.contains("has expired")), "{error}");

    let admin = support::admin(&server, "postgres").await;
    admin.batch_execute("ALTER SYSTEM SET ssl = off").await.unwrap();
    admin.batch_execute("SELECT pg_reload_conf(), pg_sleep(0.5)").await.unwrap();
    let error = error_of(support::connect(&server, "localhost", &settings("postgres", READER)).await);
    assert!(matches!(&error, ConnectError::Untrusted(text) if text.contains("offers no TLS")), "{error}");
}

#[tokio::test]
async fn a_database_or_a_role_that_is_not_there_is_refused() {
    let Some(server) = support::server("a_database_or_a_role_that_is_not_there_is_refused") else { return };
    for (database, role, words) in [
        ("nowhere", READER, "database.name"),
        ("postgres", "nobody", "28000"),
        ("postgres", REJECTED, "28000"),
    ] {
        let error = error_of(support::connect(server, "localhost", &settings(database, role)).await);
        assert!(matches!(&error, ConnectError::Refused(text) if text.contains(words)), "{error}");
    }
}

#[tokio::test]
async fn a_role_without_connections_left_is_refused() {
    let sql = "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'one_at_a_time') THEN \
               CREATE ROLE one_at_a_time LOGIN CONNECTION LIMIT 0; END IF; END$$";
    let Some(database) = Database::make("a_role_without_connections_left_is_refused", sql).await else {
        return;
    };
    let settings = settings(&database.name, "one_at_a_time");
    let error = error_of(support::connect(database.server, "localhost", &settings).await);
    assert!(matches!(&error, ConnectError::Refused(text) if text.contains("53300")), "{error}");
}

#[tokio::test]
async fn nothing_that_answers_is_unreachable() {
    let Some(server) = support::server("nothing_that_answers_is_unreachable") else { return };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = settings("postgres", READER);
    let error = error_of(support::connect_trusting(&server.authority(), free, "localhost", &settings).await);
    assert!(matches!(&error, ConnectError::Unreachable(text) if text.contains("refused")), "{error}");
    let error = error_of(support::connect(server, "no-such-host.invalid", &settings).await);
    assert!(matches!(&error, ConnectError::Unreachable(text) if text.contains("doesn't resolve")), "{error}");
}

#[tokio::test]
async fn a_server_that_accepts_and_keeps_silent_is_unreachable() {
    let Some(server) = support::server("a_server_that_accepts_and_keeps_silent_is_unreachable") else {
        return;
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings("postgres", READER);
    settings.connect_timeout = Span::seconds(1);
    let port = silent.local_addr().unwrap().port();
    let error = error_of(support::connect_trusting(&server.authority(), port, "localhost", &settings).await);
    assert!(matches!(&error, ConnectError::Unreachable(text) if text.contains("within 1s")), "{error}");
}

/// What a stranger in the server's place gets to see when it answers the request for TLS with `answer`.
async fn seen_by_a_stranger(authority: &std::path::Path, answer: &'static [u8]) -> Vec<u8> {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let watching = std::thread::spawn(move || {
        let (mut stream, _) = stranger.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut seen = vec![0; 8];
        stream.read_exact(&mut seen).unwrap();
        stream.write_all(answer).unwrap();
        let _ = stream.read_to_end(&mut seen);
        seen
    });
    let mut settings = settings("postgres", READER);
    settings.connect_timeout = Span::seconds(3);
    let error = error_of(support::connect_trusting(authority, port, "localhost", &settings).await);
    assert!(matches!(error, ConnectError::Untrusted(_)), "{error}");
    watching.join().unwrap()
}

#[tokio::test]
async fn nothing_but_the_request_for_tls_is_sent_before_tls() {
    let Some(server) = support::server("nothing_but_the_request_for_tls_is_sent_before_tls") else { return };
    assert_eq!(seen_by_a_stranger(&server.authority(), b"N").await.len(), 8);
    let seen = seen_by_a_stranger(&server.authority(), b"SHTTP/1.1 400 Bad Request\r\n\r\n").await;
    let text = String::from_utf8_lossy(&seen);
    assert!(!text.contains("X-Amz-") && !text.contains(READER), "{text}");
}

#[tokio::test]
async fn the_session_is_read_only_and_has_its_time_outs() {
    let name = "the_session_is_read_only_and_has_its_time_outs";
    let Some(database) = Database::make(name, "CREATE TABLE t (x int)").await else { return };
    let mut session = database.session(READER).await;
    for (setting, value) in [
        ("default_transaction_read_only", "on"),
        ("transaction_read_only", "on"),
        ("transaction_isolation", "repeatable read"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("row_security", "off"),
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, YMD"),
        ("standard_conforming_strings", "on"),
        ("jit", "off"),
        ("client_encoding", "UTF8"),
        ("application_name", "restore-drill"),
    ] {
        assert_eq!(
            session.own_query(&format!("SELECT current_setting('{setting}')")).await.unwrap().as_deref(),
            Some(value),
            "{setting}"
        );
    }
}

#[tokio::test]
async fn a_session_that_is_ended_by_the_server_is_lost() {
    let Some(database) = Database::make("a_session_that_is_ended_by_the_server_is_lost", "").await else {
        return;
    };
    let mut session = database.session(READER).await;
    session.own_query("SELECT 1").await.unwrap();
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
        database.name
    );
    assert_eq!(database.number(&end).await, 1);
    let error = session.own_query("SELECT 1").await.unwrap_err();
    assert!(matches!(error, MeasureError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn a_session_ends_its_statements_when_its_own_time_ends() {
    let name = "a_session_ends_its_statements_when_its_own_time_ends";
    let Some(server) = support::server(name) else { return };
    let bundle = CaBundle::read(&server.authority()).unwrap();
    let until = Instant::now() + Duration::from_secs(4);
    let postgres = Postgres::new(&bundle, support::credentials(), "eu-west-1").until(until);
    let endpoint = Endpoint { host: "localhost".to_owned(), port: server.port };
    let settings = settings("postgres", READER);
    let target = Target { endpoint: &endpoint, database: &settings };
    let mut session = postgres.connect(&target, support::token_time()).await.unwrap();
    let long = "SELECT count(*) FROM pg_class AS a, pg_class AS b, pg_class AS c, pg_class AS d";
    for reason_of in ["57014", "before it began"] {
        match session.own_query(long).await {
            Err(MeasureError::TimedOut { reason, hint }) => {
                assert!(reason.contains(reason_of) && hint.contains("instance_class"), "{reason} {hint}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_bundle_that_cannot_be_used_is_named() {
    let missing = std::env::temp_dir().join("restore-drill-no-such-bundle.pem");
    let error = CaBundle::read(&missing).unwrap_err().to_string();
    assert!(error.contains("restore-drill-no-such-bundle.pem"), "{error}");
    let empty = std::env::temp_dir().join(format!("restore-drill-empty-{}.pem", std::process::id()));
    std::fs::write(&empty, "no certificate").unwrap();
    let error = CaBundle::read(&empty).unwrap_err().to_string();
    std::fs::remove_file(&empty).unwrap();
    assert!(error.contains("holds no certificate") && error.contains("restore-drill-empty"), "{error}");
}
