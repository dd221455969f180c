//! The negative control, against a server that is as it must be, and through a proxy that makes it worse: a
//! sensor that can't show a failure has to be noticed.

use std::sync::Arc;

use drill::measurement::Control;
use drill::ports::Session;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{self, READER, Server, connect_trusting, settings};

/// What must come of it.
fn right(databases: u64) -> Control {
    Control { writing_failed_with: Some("25006".to_owned()), is_error_reported: true, rows: databases }
}

#[tokio::test]
async fn what_must_fail_fails_for_any_role() {
    let Some(server) = support::server("what_must_fail_fails_for_any_role") else { return };
    for role in [READER, support::STRANGER, support::SEES_ALL] {
        let mut session = support::connect(server, "localhost", &settings("postgres", role)).await.unwrap();
        let control = session.control().await.unwrap();
        assert!(control.rows >= 3, "{control:?}");
        assert_eq!(control, right(control.rows), "{role}");
    }
}

#[tokio::test]
async fn a_session_that_can_write_is_noticed() {
    let Some(server) = support::server("a_session_that_can_write_is_noticed") else { return };
    let found = through(server, &[(", READ ONLY", "           ")]).await;
    assert_eq!(found, right(found.rows), "the session's own setting still holds");
    // The same number of bytes.
    let both = [(", READ ONLY", "           "), ("read_only = on", "read_only = no")];
    let found = through(server, &both).await;
    assert_eq!(found, Control { writing_failed_with: None, ..right(found.rows) });
}

#[tokio::test]
async fn a_write_that_fails_for_another_reason_is_told_apart() {
    let Some(server) = support::server("a_write_that_fails_for_another_reason_is_told_apart") else { return };
    let found = through(server, &[("CREATE TEMPORARY TABLE", "CREATE TEMPORARY TABEL")]).await;
    assert_eq!(found, Control { writing_failed_with: Some("42601".to_owned()), ..right(found.rows) });
}

#[tokio::test]
async fn an_error_that_gives_a_number_is_noticed() {
    let Some(server) = support::server("an_error_that_gives_a_number_is_noticed") else { return };
    let found = through(server, &[("WHERE 1 / given.x", "WHERE 1 * given.x")]).await;
    assert_eq!(found, Control { is_error_reported: false, ..right(found.rows) });
}

/// The control through a proxy that replaces words on the way to the server, as the superuser, who comes in
/// without TLS there.
async fn through(server: &Server, words: &[(&'static str, &'static str)]) -> Control {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, acceptor(server), server.port, words.to_vec()));
    let settings = settings("postgres", "postgres");
    let mut session = connect_trusting(&server.authority(), port, "localhost", &settings).await.unwrap();
    session.control().await.unwrap()
}

fn acceptor(server: &Server) -> TlsAcceptor {
    let (certificate, key) = server.certificate();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let configuration = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(configuration))
}

/// One session: the client asks for TLS, gets it, and is then joined with the server.
async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    port: u16,
    words: Vec<(&'static str, &'static str)>,
) {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut request = [0; 8];
    client.read_exact(&mut request).await.unwrap();
    client.write_all(b"S").await.unwrap();
    let (from_client, to_client) = tokio::io::split(acceptor.accept(client).await.unwrap());
    let (from_server, to_server) = tokio::io::split(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    tokio::join!(pass(from_client, to_server, &words), pass(from_server, to_client, &[]));
}

/// Passes on what comes until it ends. Statements are short: each comes in one piece.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    words: &[(&'static str, &'static str)],
) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        for (word, other) in words {
            assert_eq!(word.len(), other.len(), "messages say how long they are");
            while let Some(at) = piece[..count].windows(word.len()).position(|w| w == word.as_bytes()) {
                piece[at..at + word.len()].copy_from_slice(other.as_bytes());
            }
        }
        if to.write_all(&piece[..count]).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
