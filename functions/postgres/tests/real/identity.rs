//! Who the server is, and which rights are more than a reader's.

use drill::ports::Session;

use crate::support::{Database, READER, SEES_ALL};

#[tokio::test]
async fn the_server_says_its_version_and_tls() {
    let Some(database) = Database::make("the_server_says_its_version_and_tls", "").await else { return };
    let identity = database.session(READER).await.identity().await.unwrap();
    assert!(identity.server_version.starts_with(&format!("{}.", database.server.version)), "{identity:?}");
    assert!(!identity.server_version.contains(' '));
    assert_eq!((identity.tls.as_str(), identity.role.as_str()), ("TLSv1.3", READER));
    assert_eq!(identity.database, database.name);
}

#[tokio::test]
async fn a_reader_has_no_excess_rights_even_when_it_sees_past_policies() {
    let name = "a_reader_has_no_excess_rights_even_when_it_sees_past_policies";
    let sql = "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TABLE t (x int)";
    let Some(database) = Database::make(name, sql).await else { return };
    for role in [READER, SEES_ALL] {
        assert_eq!(database.session(role).await.identity().await.unwrap().excess_rights, [""; 0]);
    }
}

#[tokio::test]
async fn a_superuser_is_named_and_nothing_else() {
    let Some(database) = Database::make("a_superuser_is_named_and_nothing_else", "").await else { return };
    let role = make_role(&database, "SUPERUSER CREATEDB").await;
    assert_eq!(database.session(&role).await.identity().await.unwrap().excess_rights, ["superuser"]);
}

#[tokio::test]
async fn every_right_to_write_is_named_with_an_example() {
    let sql = "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TABLE \"C\" (x int); CREATE SCHEMA s";
    let Some(database) = Database::make("every_right_to_write_is_named_with_an_example", sql).await else {
        return;
    };
    let role = make_role(&database, "CREATEROLE CREATEDB REPLICATION").await;
    let grants = format!(
        "GRANT INSERT ON a, b, \"C\" TO {role}; GRANT TRUNCATE ON b TO {role};
         GRANT CREATE ON SCHEMA s TO {role}; GRANT CREATE ON DATABASE {} TO {role};
         GRANT pg_signal_backend, pg_read_server_files TO {role}",
        database.name
    );
    database.admin.batch_execute(&grants).await.unwrap();
    assert_eq!(
        database.session(&role).await.identity().await.unwrap().excess_rights,
        [
            "createrole".to_owned(),
            "createdb".to_owned(),
            "replication".to_owned(),
            "member of pg_read_server_files".to_owned(),
            "member of pg_signal_backend".to_owned(),
            "insert on 3 tables, such as public.\"C\"".to_owned(),
            "truncate on table public.b".to_owned(),
            "create on schema s".to_owned(),
            format!("create on database {}", database.name),
        ]
    );
}

#[tokio::test]
async fn rights_of_a_role_that_the_reader_can_become_count_too() {
    let sql = "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TABLE t (x int, y int)";
    let name = "rights_of_a_role_that_the_reader_can_become_count_too";
    let Some(database) = Database::make(name, sql).await else { return };
    let role = make_role(&database, "NOINHERIT").await;
    let writer = format!("writer_of_{}", database.name);
    let grants =
        format!("CREATE ROLE {writer} CREATEDB; GRANT UPDATE (y) ON t TO {writer}; GRANT {writer} TO {role}");
    database.admin.batch_execute(&grants).await.unwrap();
    assert_eq!(
        database.session(&role).await.identity().await.unwrap().excess_rights,
        [format!("createdb, as role {writer}"), "update on table public.t".to_owned()]
    );
    database.admin.batch_execute(&format!("ALTER ROLE {writer} SUPERUSER")).await.unwrap();
    assert_eq!(
        database.session(&role).await.identity().await.unwrap().excess_rights,
        [format!("superuser, as role {writer}")]
    );
}

/// A role of the test's own; roles are the server's, so that its name carries the database's.
async fn make_role(database: &Database, attributes: &str) -> String {
    let role = format!("role_of_{}", database.name);
    database.admin.batch_execute(&format!("CREATE ROLE {role} LOGIN {attributes}")).await.unwrap();
    role
}
