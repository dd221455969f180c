//! Connecting: TLS verify-full first, then the token as the password.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use drill::ports::{Connect, ConnectError, Target};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::catalogue::LastCatalogue;
use crate::failure;
use crate::session::PostgresSession;
use crate::token::{Credentials, sign};

/// The name that the session has in `pg_stat_activity` and in the server's log.
const APPLICATION_NAME: &str = "restore-drill";
/// How many addresses of the host are tried. RDS has one, and two with dual-stack networks.
const ADDRESSES_MAX: usize = 4;
/// Keep-alives find out within about three minutes that the other side is gone.
const KEEPALIVE_IDLE: Duration = Duration::from_mins(1);
/// How long sent bytes may stay unacknowledged.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_mins(1);

/// The certificates of the authorities that sign a server's certificate, read once.
#[derive(Debug, Clone)]
pub struct CaBundle {
    roots: Arc<RootCertStore>,
}

/// A bundle of certificates that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CaBundleError {
    /// The file can't be read, or isn't PEM.
    #[error("reading the CA bundle {}: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no certificate in it that can be used.
    #[error("the CA bundle {} holds no certificate that can be used", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl CaBundle {
    /// Reads a PEM file, such as AWS's `global-bundle.pem` (Amazon RDS User Guide, "Using SSL/TLS to
    /// encrypt a connection to a DB instance or cluster").
    ///
    /// # Errors
    /// [`CaBundleError`], which names the file.
    pub fn read(path: &Path) -> Result<Self, CaBundleError> {
        let unreadable = |problem: rustls::pki_types::pem::Error| CaBundleError::Unreadable {
            path: path.to_owned(),
            problem: problem.to_string(),
        };
        let certificates = CertificateDer::pem_file_iter(path)
            .map_err(unreadable)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        let mut roots = RootCertStore::empty();
        // AWS's bundle holds authorities of every region; one that rustls can't read hurts no other.
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(CaBundleError::Empty { path: path.to_owned() });
        }
        Ok(Self { roots: Arc::new(roots) })
    }
}

/// Opens sessions with databases of RDS for PostgreSQL, with IAM authentication.
#[derive(Clone)]
pub struct Postgres {
    tls: MakeRustlsConnect,
    credentials: Credentials,
    region: String,
    until: Option<Instant>,
    last_catalogue: LastCatalogue,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("credentials", &self.credentials)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// A connector that trusts the bundle alone, speaks TLS 1.2 and 1.3, and signs tokens for the
    /// region with the credentials. Does no I/O.
    pub fn new(bundle: &CaBundle, credentials: Credentials, region: impl Into<String>) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let configuration = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("aws-lc-rs has cipher suites for TLS 1.2 and 1.3")
            .with_root_certificates(Arc::clone(&bundle.roots))
            .with_no_client_auth();
        let tls = MakeRustlsConnect::new(configuration);
        let last_catalogue = LastCatalogue::default();
        Self { tls, credentials, region: region.into(), until: None, last_catalogue }
    }

    /// The same connector for sessions that have to be done by then: a statement that would take longer
    /// is ended by the server and not measured, instead of taking the whole invocation with it.
    #[must_use]
    pub fn until(&self, until: Instant) -> Self {
        Self { until: Some(until), ..self.clone() }
    }

    async fn open(&self, target: &Target<'_>, now: DateTime<Utc>) -> Result<PostgresSession, ConnectError> {
        let addresses = resolve(target).await?;
        let token = sign(&self.credentials, &self.region, target.endpoint, &target.database.user, now)
            .map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        let mut configuration = tokio_postgres::Config::new();
        // An address that doesn't answer leaves time for the next one.
        let each = target.database.connect_timeout.duration() / u32::try_from(addresses.len()).unwrap_or(1);
        for address in addresses {
            configuration.host(&target.endpoint.host).hostaddr(address.ip());
        }
        configuration
            .port(target.endpoint.port)
            .dbname(&target.database.name)
            .user(&target.database.user)
            .password(token.expose())
            // "Require" is about the protocol; that the certificate is verified is rustls's doing, which
            // knows no other way. Nothing is sent before, so that the token can't reach a stranger.
            .ssl_mode(SslMode::Require)
            .application_name(APPLICATION_NAME)
            .connect_timeout(each)
            .keepalives_idle(KEEPALIVE_IDLE)
            .tcp_user_timeout(UNACKNOWLEDGED_MAX);
        let (client, connection) =
            configuration.connect(self.tls.clone()).await.map_err(|error| failure::of_connecting(&error))?;
        // The driver ends by itself, with a good-bye to the server, once the session is dropped. Whoever
        // waits for an answer is told that the connection broke; the reason is known here only.
        let place = target.endpoint.host.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                let reason = failure::chain(&error);
                tracing::warn!(host = %place, reason, "the connection to {place} broke: {reason}");
            }
        });
        let place = format!("{}:{}", target.endpoint.host, target.endpoint.port);
        PostgresSession::begin(client, place, target.database, self.until, self.last_catalogue.clone())
            .await
            .map_err(|error| failure::of_connecting(&error))
    }
}

impl Connect for Postgres {
    type Session = PostgresSession;

    async fn connect(
        &self,
        target: &Target<'_>,
        now: DateTime<Utc>,
    ) -> Result<PostgresSession, ConnectError> {
        let total = target.database.connect_timeout;
        timeout(total.duration(), self.open(target, now)).await.unwrap_or_else(|_| {
            Err(ConnectError::Unreachable(format!("no session within {total} (database.connect_timeout)")))
        })
    }
}

/// The addresses of the host. Looked up here rather than by the client, so that a name that doesn't
/// resolve is told apart from a server that doesn't answer.
async fn resolve(target: &Target<'_>) -> Result<Vec<SocketAddr>, ConnectError> {
    let (host, port) = (target.endpoint.host.as_str(), target.endpoint.port);
    let unknown =
        |problem: String| ConnectError::Unreachable(format!("the host's name doesn't resolve: {problem}"));
    let found = tokio::net::lookup_host((host, port)).await.map_err(|error| unknown(error.to_string()))?;
    let addresses: Vec<SocketAddr> = found.take(ADDRESSES_MAX).collect();
    if addresses.is_empty() { Err(unknown("it has no address".to_owned())) } else { Ok(addresses) }
}
