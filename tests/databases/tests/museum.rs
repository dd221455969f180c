//! Each piece of the museum, as a claim: every level reports what it must and nothing else, and the row of the
//! README's table is what was seen. Without a PostgreSQL on this machine each prints `SKIPPED <claim>: <why>`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer, also in its helpers")]

use std::fs;
use std::io::Write;
use std::path::Path;

use drill::configuration::Level;
use drill::report;
use restore_drill_databases::machine::Programs;
use restore_drill_databases::visit::Visit;
use restore_drill_databases::{pieces, table};
use snapbox::assert_data_eq;

fn found(claim: &str) {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(why) => return skipped(claim, why),
    };
    let piece = pieces::of_claim(claim).unwrap();
    if let Some(program) = piece.needs().filter(|program| !programs.has(program)) {
        return skipped(claim, &format!("this PostgreSQL comes without {program}"));
    }
    let visit = Visit::pay(piece, programs).unwrap();
    visit.compare().unwrap();
    report_is_the_golden_one(claim, &visit, programs);
    row_is_in_the_readme(claim, &visit, programs);
}

/// The head of the report, for the pieces that have a golden file: that is what a person reads at night.
fn report_is_the_golden_one(claim: &str, visit: &Visit, programs: &Programs) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/reports/{claim}.txt"));
    if !golden.exists() {
        return;
    }
    let report = report::text(visit.drill(Level::Deep).as_ref().unwrap());
    let head = report.split("\nNot covered by any check").next().unwrap();
    let head = head.replace(programs.version(), "15.0");
    assert_data_eq!(head, snapbox::Data::read_from(&golden, None).raw());
}

fn row_is_in_the_readme(claim: &str, visit: &Visit, programs: &Programs) {
    let row = table::row(visit);
    for path in table::readmes() {
        let readme = fs::read_to_string(&path).unwrap();
        if !table::has_place(&readme) {
            continue;
        }
        if !readme.contains(&table::made_with(programs.version())) {
            return skipped(&format!("the row of {claim}"), "the table was made with another version");
        }
        let is_there = readme.lines().any(|line| line == row);
        assert!(is_there, "{}: `make museum` writes the table anew: {row}", path.display());
    }
}

/// A line for the runner that counts, past libtest's capture and in one piece.
fn skipped(claim: &str, why: &str) {
    let _ = std::io::stderr().write_all(format!("\nSKIPPED {claim}: {why}\n").as_bytes());
}

/// A test for each claim, and one that no piece is left out.
macro_rules! claims {
    ($($claim:ident)*) => {
        $(#[test]
        fn $claim() {
            found(stringify!($claim));
        })*

        #[test]
        fn every_piece_has_its_test() {
            let tests = [$(stringify!($claim)),*];
            assert_eq!(pieces::all().map(|piece| piece.claim).collect::<Vec<_>>(), tests);
        }
    };
}

claims! {
    a_flipped_bit_under_checksums_is_found
    a_flipped_bit_in_a_value_without_checksums_is_found
    a_flipped_bit_in_a_header_without_checksums_is_found
    a_zeroed_page_of_a_vacuumed_table_is_found
    a_zeroed_page_of_a_table_without_an_index_is_found
    a_zeroed_page_that_was_written_since_the_last_vacuum_is_found
    a_truncated_file_is_found
    a_missing_segment_is_found
    a_broken_toast_is_found
    a_missing_index_row_is_found
    a_duplicate_in_a_unique_index_is_found
    deleted_rows_are_found
    a_changed_row_of_the_past_is_found
    orphans_are_found
    a_sequence_behind_its_column_is_found
    an_unlogged_table_that_is_empty_is_found
    a_dropped_index_is_found
    an_invalid_index_is_found
    a_detached_partition_is_found
    a_disabled_trigger_is_found
    a_missing_extension_is_found
    a_missing_role_is_found
    a_missing_grant_is_found
    a_collation_of_another_version_is_found
    transaction_ids_near_their_end_are_found
    a_server_of_another_version_is_found
    another_database_under_the_same_name_is_found
    yesterday_s_backup_is_found
}
