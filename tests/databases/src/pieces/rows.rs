//! Damage that SQL can do to rows, and to what indexes and sequences know of them.

use super::{Expected, Origin, Piece, Step};
use drill::configuration::Level::{Deep, Quick, Standard};

pub(super) const PIECES: &[Piece] = &[
    Piece {
        name: "row missing from an index",
        claim: "a_missing_index_row_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql(
            "SET allow_system_table_mods = on;;
             UPDATE pg_index SET indisready = false WHERE indexrelid = 'answer_pkey'::regclass;;
             INSERT INTO answer (student_id, course_id, question, answer, created_at)
                VALUES (1, 1, 99, 'in no index', '2026-11-21 02:01Z');;
             UPDATE pg_index SET indisready = true WHERE indexrelid = 'answer_pkey'::regclass;;
             VACUUM (FREEZE, INDEX_CLEANUP off) answer",
        )],
        findings: &[
            Expected::failed(Standard, "index_count", "public.answer_pkey"),
            Expected::failed(Deep, "btree", "public.answer_pkey"),
        ],
        also: None,
        counted: ("answer", 20_481),
    },
    Piece {
        name: "duplicate in a unique index: quick by own SQL, deep by itself",
        claim: "a_duplicate_in_a_unique_index_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql(
            "SET allow_system_table_mods = on;;
             UPDATE pg_index SET indisunique = false WHERE indexrelid = 'student_email_key'::regclass;;
             INSERT INTO student (email, name, registered_at)
                VALUES ('student7@courses.example', 'Twice', '2026-11-21 01:00Z');;
             UPDATE pg_index SET indisunique = true WHERE indexrelid = 'student_email_key'::regclass",
        )],
        // Own SQL can look for it at any level.
        findings: &[
            Expected::failed(Quick, "query", "no address twice"),
            Expected::failed(Deep, "btree", "public.student_email_key"),
        ],
        also: None,
        counted: ("student", 2005),
    },
    Piece {
        name: "a third of the rows deleted",
        claim: "deleted_rows_are_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("DELETE FROM answer WHERE id <= 7000")],
        findings: &[
            Expected::failed(Quick, "max_drop", "public.answer"),
            Expected::failed(Deep, "digest", "public.answer"),
        ],
        also: None,
        counted: ("answer", 20_480),
    },
    Piece {
        name: "one old row changed",
        claim: "a_changed_row_of_the_past_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("UPDATE answer SET answer = 'something else' WHERE id = 4711")],
        findings: &[Expected::failed(Deep, "digest", "public.answer")],
        also: None,
        counted: ("answer", 20_480),
    },
    Piece {
        name: "rows whose foreign key leads nowhere",
        claim: "orphans_are_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql(
            "SET session_replication_role = replica;; DELETE FROM student WHERE id IN (10, 20, 31)",
        )],
        findings: &[
            Expected::failed(Deep, "foreign_key", "public.answer answer_student_fkey"),
            Expected::failed(Deep, "foreign_key", "public.essay essay_student_fkey"),
        ],
        also: None,
        counted: ("answer", 20_480),
    },
    Piece {
        name: "sequence behind the column that it fills",
        claim: "a_sequence_behind_its_column_is_found",
        cluster: Origin::Courses,
        damage: &[Step::Sql("SELECT setval('answer_id_seq', 100)")],
        findings: &[Expected::failed(Standard, "sequence", "public.answer_id_seq")],
        also: None,
        counted: ("answer", 20_480),
    },
    Piece {
        name: "unlogged table, empty after the restore",
        claim: "an_unlogged_table_that_is_empty_is_found",
        cluster: Origin::CoursesWithUnlogged,
        damage: &[
            Step::Sql(
                "INSERT INTO session SELECT n, n, '2026-11-21 01:00Z' FROM generate_series(1, 1000) AS n",
            ),
            Step::Crash,
        ],
        findings: &[Expected::warned(Standard, "unlogged", "public.session")],
        also: None,
        counted: ("session", 1000),
    },
];
