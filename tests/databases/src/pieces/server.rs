//! Trouble with the server around the data.

use super::{Expected, Origin, Piece, Step};
use drill::configuration::Level::{Quick, Standard};

/// Rows of `answer` tonight.
const ANSWERS: u64 = 20_480;

pub(super) const PIECES: &[Piece] = &[
    Piece {
        name: "collation of another version of the library",
        claim: "a_collation_of_another_version_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql(
            "SET allow_system_table_mods = on;;
             UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'de-x-icu'",
        )],
        findings: &[Expected::failed(Standard, "collation", "pg_catalog.de-x-icu")],
        also: None,
        counted: ("student", 2004),
    },
    Piece {
        name: "transaction ids near their end",
        claim: "transaction_ids_near_their_end_are_found",
        cluster: Origin::Courses,
        damage: &[Step::NextTransaction(1_900_000_000)],
        findings: &[
            Expected::failed(Standard, "wraparound", "courses"),
            // Transaction ids are of the whole server.
            Expected::failed(Standard, "wraparound", "postgres"),
            Expected::failed(Standard, "wraparound", "template0"),
            Expected::failed(Standard, "wraparound", "template1"),
        ],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "server of another version than the backup's",
        claim: "a_server_of_another_version_is_found",
        cluster: Origin::Courses,
        damage: &[Step::VersionOfBackup("13.4")],
        findings: &[Expected::failed(Quick, "version", "server")],
        also: None,
        counted: ("answer", ANSWERS),
    },
];
