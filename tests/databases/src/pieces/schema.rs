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
        findings: &[Expected::failed(Standard, "catalogue", "index public.student_name")],
        counted: ("student", 2004),
    },
    Piece {
        name: "invalid index, left by a build that failed",
        claim: "an_invalid_index_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Refused("CREATE UNIQUE INDEX CONCURRENTLY answer_once ON answer (course_id)")],
        findings: &[Expected::failed(Standard, "index_valid", "public.answer_once")],
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "detached partition",
        claim: "a_detached_partition_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("ALTER TABLE payment DETACH PARTITION payment_2026_09")],
        findings: &[Expected::failed(Standard, "catalogue", "partition public.payment_2026_09")],
        counted: ("payment", 2024),
    },
    Piece {
        name: "disabled trigger",
        claim: "a_disabled_trigger_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("ALTER TABLE payment_2026_09 DISABLE TRIGGER payment_is_kept")],
        findings: &[Expected::failed(
            Standard,
            "catalogue",
            "trigger public.payment_2026_09 payment_is_kept",
        )],
        counted: ("payment", 2024),
    },
    Piece {
        name: "missing extension",
        claim: "a_missing_extension_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("DROP EXTENSION pg_trgm CASCADE")],
        findings: &[Expected::failed(Standard, "catalogue", "extension pg_trgm")],
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "missing role",
        claim: "a_missing_role_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("DROP OWNED BY reporting;; DROP ROLE reporting")],
        findings: &[Expected::failed(Standard, "catalogue", "role reporting")],
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "missing grant",
        claim: "a_missing_grant_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("REVOKE SELECT ON answer FROM reporting")],
        findings: &[Expected::failed(Standard, "catalogue", "grant public.answer")],
        counted: ("answer", ANSWERS),
    },
];
