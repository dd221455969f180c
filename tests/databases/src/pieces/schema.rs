//! Damage to what is around the rows: indexes, partitions, triggers, extensions, roles, grants.

use super::{Expected, Origin, Piece, Step};
use drill::configuration::Level::Standard;

/// Rows of `answer` tonight.
const ANSWERS: u64 = 20_480;

pub(super) const PIECES: &[Piece] = &[
    Piece {
        name: "dropped index",
        claim: "a_dropped_index_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("DROP INDEX student_name")],
        findings: &[Expected::warned(Standard, "catalogue", "index public.student_name")],
        also: None,
        counted: ("student", 2004),
    },
    Piece {
        name: "invalid index, left by a build that failed",
        claim: "an_invalid_index_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Refused("CREATE UNIQUE INDEX CONCURRENTLY answer_once ON answer (course_id)")],
        findings: &[Expected::warned(Standard, "index_valid", "public.answer_once")],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "detached partition",
        claim: "a_detached_partition_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("ALTER TABLE payment DETACH PARTITION payment_2026_09")],
        findings: &[Expected::warned(Standard, "catalogue", "partition public.payment_2026_09")],
        // From PostgreSQL 17 on it also loses what gave its identity column numbers.
        also: Some("catalogue"),
        counted: ("payment", 2024),
    },
    Piece {
        name: "disabled trigger",
        claim: "a_disabled_trigger_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("ALTER TABLE payment_2026_09 DISABLE TRIGGER payment_is_kept")],
        findings: &[Expected::warned(
            Standard,
            "catalogue",
            "trigger public.payment_2026_09 payment_is_kept",
        )],
        also: None,
        counted: ("payment", 2024),
    },
    Piece {
        name: "missing extension",
        claim: "a_missing_extension_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("DROP EXTENSION pg_trgm CASCADE")],
        findings: &[
            Expected::warned(Standard, "catalogue", "extension pg_trgm"),
            // It went with its operators.
            Expected::warned(Standard, "catalogue", "index public.answer_answer_trgm"),
        ],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "missing role",
        claim: "a_missing_role_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("DROP OWNED BY reporting;; DROP ROLE reporting")],
        findings: &[
            Expected::warned(Standard, "catalogue", "role reporting"),
            Expected::warned(Standard, "catalogue", "grant table public.answer"),
            Expected::warned(Standard, "catalogue", "grant table public.course"),
            Expected::warned(Standard, "catalogue", "grant table public.student"),
        ],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "missing grant",
        claim: "a_missing_grant_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("REVOKE SELECT ON answer FROM reporting")],
        findings: &[Expected::warned(Standard, "catalogue", "grant table public.answer")],
        also: None,
        counted: ("answer", ANSWERS),
    },
];
