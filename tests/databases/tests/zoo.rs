//! Undamaged databases: none may be rejected. Without a PostgreSQL on this machine each claim prints
//! `SKIPPED <claim>: <why>`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer, also in its helpers")]

use std::io::Write;

use restore_drill_databases::machine::Programs;
use restore_drill_databases::zoo::{self, Cage, Habits};

/// How many specimens this looks at; `make museum` looks at all.
const LOOKED_AT: u64 = 30;

fn no_false_alarm(claim: &str, habits: Habits) {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(why) => {
            // Past libtest's capture, for the runner that counts, and in one piece.
            let _ = std::io::stderr().write_all(format!("\nSKIPPED {claim}: {why}\n").as_bytes());
            return;
        }
    };
    let mut cage = Cage::make(programs, habits).unwrap();
    let mut alarms = Vec::new();
    for number in (0..LOOKED_AT).filter(|number| Habits::of(*number) == habits) {
        if let Err(error) = cage.visit(&zoo::specimen(number)) {
            alarms.push(format!("specimen {number}: {error:#}"));
        }
    }
    assert!(alarms.is_empty(), "{}", alarms.join("\n\n"));
}

#[test]
fn no_undamaged_database_is_rejected() {
    no_false_alarm("no_undamaged_database_is_rejected", Habits::Still);
}

#[test]
fn no_undamaged_database_is_rejected_while_autovacuum_works() {
    no_false_alarm("no_undamaged_database_is_rejected_while_autovacuum_works", Habits::Autovacuum);
}

#[test]
fn no_undamaged_database_is_rejected_after_a_physical_restore() {
    no_false_alarm("no_undamaged_database_is_rejected_after_a_physical_restore", Habits::Restored);
}
