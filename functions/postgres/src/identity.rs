//! Who the server and the session are, and which rights the role has that a reader doesn't need.

use drill::measurement::ServerIdentity;
use drill::ports::MeasureError;
use tokio_postgres::{Error, Transaction};

use crate::failure::{self, Measuring};
use crate::session::PostgresSession;

const SERVER: &str = include_str!("sql/server.sql");
const ROLE_ATTRIBUTES: &str = include_str!("sql/role_attributes.sql");
const EXCESS_MEMBERSHIPS: &str = include_str!("sql/excess_memberships.sql");
const EXCESS_PRIVILEGES: &str = include_str!("sql/excess_privileges.sql");

/// Reads the identity. Cheap: catalogues only.
pub(crate) async fn read(session: &mut PostgresSession) -> Result<ServerIdentity, MeasureError> {
    let role = session.role().to_owned();
    let mut measuring = Measuring::new(
        "reading the server's identity",
        "let PUBLIC read pg_catalog, as it does by default",
        &role,
    );
    let transaction = session.read_only(&mut measuring).await?;
    let identity = identity(&transaction).await.map_err(|error| failure::of_measuring(measuring, &error));
    let _ = transaction.rollback().await;
    identity
}

async fn identity(transaction: &Transaction<'_>) -> Result<ServerIdentity, Error> {
    let row = transaction.query_one(SERVER, &[]).await?;
    let version: String = row.try_get("version")?;
    Ok(ServerIdentity {
        server_version: number_of(&version).to_owned(),
        tls: row.try_get("tls")?,
        role: row.try_get("role")?,
        database: row.try_get("database")?,
        excess_rights: excess_rights(transaction).await?,
    })
}

/// The rights beyond reading. A superuser has them all, so that nothing else is listed then.
async fn excess_rights(transaction: &Transaction<'_>) -> Result<Vec<String>, Error> {
    let mut rights = Vec::new();
    for row in transaction.query(ROLE_ATTRIBUTES, &[]).await? {
        let (attribute, as_role): (&str, Option<&str>) = (row.try_get("attribute")?, row.try_get("as_role")?);
        let right = as_role.map_or(attribute.to_owned(), |role| format!("{attribute}, as role {role}"));
        if attribute == "superuser" {
            return Ok(vec![right]);
        }
        rights.push(right);
    }
    for row in transaction.query(EXCESS_MEMBERSHIPS, &[]).await? {
        rights.push(format!("member of {}", row.try_get::<_, String>("role")?));
    }
    for row in transaction.query(EXCESS_PRIVILEGES, &[]).await? {
        let (privilege, kind): (String, String) = (row.try_get("privilege")?, row.try_get("kind")?);
        let (count, example): (i64, String) = (row.try_get("count")?, row.try_get("example")?);
        rights.push(match count {
            1 => format!("{privilege} on {kind} {example}"),
            more => format!("{privilege} on {more} {kind}s, such as {example}"),
        });
    }
    Ok(rights)
}

/// The number in `16.4 (Debian 16.4-1.pgdg120+1)`.
fn number_of(version: &str) -> &str {
    version.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_s_addition_is_no_part_of_the_version() {
        assert_eq!(number_of("16.4 (Debian 16.4-1.pgdg120+1)"), "16.4");
        assert_eq!(number_of("18beta1"), "18beta1");
    }
}
