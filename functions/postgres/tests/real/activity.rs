//! What was written: nothing by us, anything by others.

use drill::ports::Session;
use tokio_postgres::Client;

use crate::support::{self, Database, READER, STRANGER, table};

/// Lets the session report what it wrote.
async fn report(admin: &Client) {
    // Before 15 there is no such function: what is left is reported with the next statement.
    if admin.batch_execute("SELECT pg_stat_force_next_flush()").await.is_err() {
        admin.batch_execute("SELECT pg_sleep(1)").await.unwrap();
        admin.batch_execute("SELECT pg_sleep(2)").await.unwrap();
    }
}

#[tokio::test]
async fn what_the_checks_do_is_no_write_and_what_others_do_is() {
    let name = "what_the_checks_do_is_no_write_and_what_others_do_is";
    // A server of its own: other tests write.
    let Some(server) = support::own_server(name, support::Kind::Good, &[]) else { return };
    let admin = support::admin(&server, "postgres").await;
    let sql = "CREATE TABLE answer (id int PRIMARY KEY); INSERT INTO answer SELECT generate_series(1, 100)";
    admin.batch_execute(sql).await.unwrap();
    report(&admin).await;
    let settings = support::settings("postgres", READER);
    let mut session = support::connect(&server, "localhost", &settings).await.unwrap();
    let before = session.activity().await.unwrap();
    assert_eq!(before.writes, 100);

    let answer = table("public", "answer");
    session.catalogue().await.unwrap();
    session.control().await.unwrap();
    session.count_heap(&answer, None).await.unwrap();
    session.count_index(&answer, "answer_pkey").await.unwrap();
    session.blocks_without_rows(&answer).await.unwrap();
    session.own_query("SELECT count(*) FROM public.answer").await.unwrap();
    assert_eq!(session.activity().await.unwrap(), before, "nothing of it was a write");

    admin.batch_execute("UPDATE answer SET id = id + 1000 WHERE id < 3").await.unwrap();
    let after = session.activity().await.unwrap();
    assert_ne!(after.snapshot, before.snapshot, "the snapshot tells at once");
    report(&admin).await;
    assert_eq!(session.activity().await.unwrap().writes, 102, "the rows a little later");
}

#[tokio::test]
async fn a_role_without_rights_sees_what_was_written() {
    let sql = "CREATE TABLE answer (id int); INSERT INTO answer SELECT generate_series(1, 10)";
    let Some(database) = Database::make("a_role_without_rights_sees_what_was_written", sql).await else {
        return;
    };
    report(&database.admin).await;
    assert_eq!(database.session(STRANGER).await.activity().await.unwrap().writes, 10);
}
