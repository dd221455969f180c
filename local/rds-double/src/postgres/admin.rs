//! The double's own administration of its servers, by SQL over a private socket.

use std::path::Path;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::{Doing, JobError};

/// The superuser that only the double can be.
pub(super) const ADMIN: &str = "rdsadmin";

/// How long connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Rows as texts.
pub type Rows = Vec<Vec<Option<String>>>;

/// Connects to a database through the private socket.
pub(super) async fn connect(
    sockets: &Path,
    port: u16,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = Config::new()
        .host_path(sockets)
        .port(port)
        .user(ADMIN)
        .dbname(database)
        .connect_timeout(CONNECT_MAX)
        .connect(NoTls)
        .await?;
    // The task ends with the client; its error is also the error of the client's calls.
    tokio::spawn(connection);
    Ok(client)
}

/// Runs scripts in order and gives the rows of the last statement.
pub(super) async fn run(client: &Client, scripts: &[String]) -> Result<Rows, JobError> {
    let mut last = Rows::new();
    for script in scripts {
        let messages =
            client.simple_query(script).await.doing(|| format!("running `{}`", beginning(script)))?;
        last.clear();
        let mut ended = false;
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => {
                    if std::mem::take(&mut ended) {
                        last.clear();
                    }
                    let texts = (0..row.len()).map(|at| row.get(at).map(str::to_owned));
                    last.push(texts.collect());
                }
                SimpleQueryMessage::CommandComplete(_) if ended => last.clear(),
                SimpleQueryMessage::CommandComplete(_) => ended = true,
                _ => {}
            }
        }
    }
    Ok(last)
}

fn beginning(script: &str) -> String {
    script.chars().take(80).collect()
}

/// A name as SQL writes it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL writes it.
pub(super) fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!(" E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), " E'a\\\\''b'");
    }
}
