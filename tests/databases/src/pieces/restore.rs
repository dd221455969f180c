//! A sound database, and not the one that the backup should hold.

use super::{Expected, Origin, Piece, Step};
use drill::configuration::Level::Quick;

pub(super) const PIECES: &[Piece] = &[
    Piece {
        name: "another database restored under the same name",
        claim: "another_database_under_the_same_name_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql(
            "DROP SCHEMA public CASCADE;; CREATE SCHEMA public;; CREATE EXTENSION amcheck;;
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO drill;;
             CREATE TABLE invoice (id bigint PRIMARY KEY);; INSERT INTO invoice SELECT generate_series(1, 9000)",
        )],
        findings: &[
            Expected::failed(Quick, "rows", "public.answer"),
            Expected::failed(Quick, "rows", "public.course"),
            Expected::failed(Quick, "rows", "public.essay"),
            Expected::failed(Quick, "rows", "public.note"),
            Expected::failed(Quick, "rows", "public.payment_2026_09"),
            Expected::failed(Quick, "rows", "public.payment_2026_10"),
            Expected::failed(Quick, "rows", "public.payment_2026_11"),
            Expected::failed(Quick, "rows", "public.student"),
            Expected::failed(Quick, "query", "no address twice"),
        ],
        also: Some("catalogue"),
        counted: ("invoice", 9000),
    },
    Piece {
        name: "yesterday's backup served as today's",
        claim: "yesterday_s_backup_is_found",
        cluster: Origin::Courses,
        damage: &[Step::NightBefore],
        findings: &[Expected::failed(Quick, "fresh", "public.answer.created_at")],
        also: None,
        counted: ("answer", 20_480),
    },
];
