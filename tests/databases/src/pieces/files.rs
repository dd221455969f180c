//! Damage below SQL: bits, pages and files.

use super::{Expected, Origin, Piece, Step};
use crate::damage::Edit;
use drill::configuration::Level::{Deep, Quick, Standard};

/// Rows of `answer` tonight.
const ANSWERS: u64 = 20_480;

pub(super) const PIECES: &[Piece] = &[
    Piece {
        name: "flipped bit in a row, checksums on",
        claim: "a_flipped_bit_under_checksums_is_found",
        cluster: Origin::Courses,
        damage: &[Step::File("'answer'", Edit::FlipBitIn("option 1000 of"))],
        findings: &[
            Expected::failed(Quick, "rows", "public.answer"),
            // Whatever reads the page fails.
            Expected::failed(Quick, "fresh", "public.answer.created_at"),
            Expected::failed(Deep, "heap", "public.answer"),
            Expected::failed(Deep, "btree", "public.answer_pkey"),
            Expected::failed(Deep, "btree", "public.answer_question_key"),
            Expected::failed(Deep, "foreign_key", "public.answer answer_course_fkey"),
            Expected::failed(Deep, "foreign_key", "public.answer answer_student_fkey"),
            Expected::failed(Deep, "digest", "public.answer"),
            // Nothing to compare the indexes with.
            Expected::not_measured(Standard, "index_count", "public.answer_pkey"),
            Expected::not_measured(Standard, "index_count", "public.answer_question_key"),
        ],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "flipped bit in a value, checksums off",
        claim: "a_flipped_bit_in_a_value_without_checksums_is_found",
        cluster: Origin::CoursesWithoutChecksums,
        damage: &[Step::File("'answer'", Edit::FlipBitIn("option 1000 of"))],
        findings: &[Expected::failed(Deep, "digest", "public.answer")],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "flipped bit in a row's header, checksums off",
        claim: "a_flipped_bit_in_a_header_without_checksums_is_found",
        cluster: Origin::CoursesWithoutChecksums,
        damage: &[Step::File("'answer'", Edit::FlipBitOfHeader { block: 7 })],
        findings: &[Expected::failed(Deep, "heap", "public.answer")],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "zeroed page of a vacuumed table, all of whose pages are visible to all",
        claim: "a_zeroed_page_of_a_vacuumed_table_is_found",
        cluster: Origin::Courses,
        damage: &[Step::File("'answer'", Edit::Zero { block: 5 })],
        // Fewer rows than a day brings: the table still grows.
        findings: &[
            Expected::failed(Standard, "index_count", "public.answer_pkey"),
            Expected::failed(Standard, "index_count", "public.answer_question_key"),
            Expected::failed(Deep, "digest", "public.answer"),
        ],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "zeroed page of a table without an index",
        claim: "a_zeroed_page_of_a_table_without_an_index_is_found",
        cluster: Origin::Courses,
        damage: &[Step::File("'note'", Edit::Zero { block: 1 })],
        findings: &[
            Expected::failed(Quick, "max_drop", "public.note"),
        ],
        also: None,
        counted: ("note", 524),
    },
    Piece {
        name: "zeroed page written since the last vacuum",
        claim: "a_zeroed_page_that_was_written_since_the_last_vacuum_is_found",
        cluster: Origin::Courses,
        // The old rows have new versions there. An index is only believed where a page is visible to all: of
        // this one it gives as few rows as the heap has, so that only the rows' digest knows of them.
        damage: &[
            Step::Sql("UPDATE answer SET question = question WHERE id <= 60"),
            Step::File("'answer'", Edit::ZeroLast),
        ],
        findings: &[Expected::failed(Deep, "digest", "public.answer")],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "file of a table cut to half its blocks",
        claim: "a_truncated_file_is_found",
        cluster: Origin::Courses,
        damage: &[Step::File("'answer'", Edit::CutBefore { block: 140 })],
        findings: &[
            Expected::failed(Quick, "max_drop", "public.answer"),
            // The newest rows were at the end.
            Expected::failed(Quick, "fresh", "public.answer.created_at"),
            Expected::failed(Standard, "index_count", "public.answer_pkey"),
            Expected::failed(Standard, "index_count", "public.answer_question_key"),
            Expected::failed(Deep, "digest", "public.answer"),
        ],
        also: None,
        counted: ("answer", ANSWERS),
    },
    Piece {
        name: "second file of a table above 1 GB gone",
        claim: "a_missing_segment_is_found",
        cluster: Origin::CoursesWithLarge,
        damage: &[Step::File("'upload'", Edit::RemoveSecondSegment)],
        findings: &[
            Expected::failed(Quick, "max_drop", "public.upload"),
            Expected::failed(Standard, "index_count", "public.upload_pkey"),
        ],
        also: None,
        counted: ("upload", 5000),
    },
    Piece {
        name: "values above 2 KB: a piece of one is gone (broken TOAST)",
        claim: "a_broken_toast_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql(
            "CREATE EXTENSION pg_surgery;;
             SELECT heap_force_kill((SELECT reltoastrelid FROM pg_class WHERE relname = 'essay'), ARRAY['(1,1)'::tid]);;
             DROP EXTENSION pg_surgery",
        )],
        findings: &[Expected::failed(Deep, "heap", "public.essay")],
        also: None,
        counted: ("essay", 204),
    },
];
