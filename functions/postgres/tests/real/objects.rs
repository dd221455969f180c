//! The objects of the catalogue: what each kind says, that a change shows in its own kind, that pages cover
//! everything once, and that secrets stay out.

use std::collections::BTreeMap;

use drill::measurement::{CatalogueObject, ObjectKind};
use drill::ports::Session;

use crate::support::{Database, READER};

const SCHEMA: &str = r#"
CREATE SCHEMA "Odd ""s";
CREATE TYPE mood AS ENUM ('calm', 'storm');
CREATE DOMAIN age AS int NOT NULL DEFAULT 1 CHECK (VALUE > 0);
CREATE TYPE place AS (x int, y text);
CREATE TABLE course (id serial PRIMARY KEY, name text COLLATE "C" NOT NULL DEFAULT 'x', m mood, a age);
CREATE TABLE answer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, course_id int REFERENCES course, body json);
CREATE TABLE event (d date, v int) PARTITION BY RANGE (d);
CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX answer_course ON answer (course_id) WHERE course_id > 1;
CREATE VIEW named AS SELECT id, name FROM course;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM answer;
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    AS $$ begin perform 'sk_live_in_a_body'; return null; end $$;
CREATE TRIGGER audited AFTER INSERT ON answer FOR EACH ROW EXECUTE FUNCTION audit();
ALTER TABLE course ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON course FOR SELECT TO PUBLIC USING (id > 0);
"#;

type Objects = BTreeMap<ObjectKind, Vec<CatalogueObject>>;

/// Everything, page by page, as the plan asks for it.
async fn everything(database: &Database) -> Objects {
    let mut session = database.session(READER).await;
    let counts = session.catalogue().await.unwrap().objects;
    let mut all = Objects::new();
    for kind in ObjectKind::ALL {
        let count = counts[kind];
        let mut objects = Vec::new();
        for part in 0..count.div_ceil(kind.per_part()).max(1) {
            objects.extend(session.objects(*kind, part).await.unwrap());
        }
        let mut names: Vec<&String> = objects.iter().map(|o| &o.name).collect();
        names.sort();
        names.dedup();
        // Roles are of the whole server, where other tests make some meanwhile.
        if *kind != ObjectKind::Role {
            assert_eq!((names.len(), objects.len()), (count as usize, count as usize), "{kind}");
        }
        all.insert(*kind, objects);
    }
    all
}

fn lines<'a>(objects: &'a Objects, kind: ObjectKind, name: &str) -> Vec<&'a str> {
    let object = objects[&kind].iter().find(|o| o.name == name);
    let object = object.unwrap_or_else(|| panic!("no {kind} {name} among {}", objects[&kind].len()));
    object.definition.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn each_kind_says_what_its_objects_are() {
    let Some(database) = Database::make("each_kind_says_what_its_objects_are", SCHEMA).await else { return };
    let all = everything(&database).await;
    let of = |kind, name: &str| lines(&all, kind, name);
    assert_eq!(of(ObjectKind::Schema, "\"Odd \"\"s\""), ["owner postgres"]);
    assert_eq!(of(ObjectKind::Table, "public.answer"), ["table", "owner postgres"]);
    assert_eq!(
        of(ObjectKind::Table, "public.course column name"),
        ["text collate \"C\" not null default 'x'::text"]
    );
    assert_eq!(of(ObjectKind::Table, "public.answer column id"), ["bigint not null identity"]);
    assert_eq!(of(ObjectKind::Table, "public.event"), ["partitioned by RANGE (d)", "owner postgres"]);
    assert_eq!(
        of(ObjectKind::Index, "public.answer_course"),
        ["CREATE INDEX answer_course ON public.answer USING btree (course_id) WHERE (course_id > 1)"]
    );
    assert_eq!(
        of(ObjectKind::Constraint, "public.answer answer_course_id_fkey"),
        ["FOREIGN KEY (course_id) REFERENCES public.course(id)"]
    );
    assert_eq!(of(ObjectKind::Constraint, "public.age age_check"), ["CHECK ((VALUE > 0))"]);
    assert!(of(ObjectKind::View, "public.named").concat().contains("FROM public.course"));
    assert_eq!(of(ObjectKind::MaterializedView, "public.counted")[0], "populated");
    let function = of(ObjectKind::Function, "public.audit()");
    assert_eq!(function[..2], ["returns trigger", "language plpgsql volatile security definer"]);
    assert!(function[3].starts_with("body with sha256 "), "{function:?}");
    assert_eq!(of(ObjectKind::Trigger, "public.answer audited")[1], "enabled");
    assert_eq!(of(ObjectKind::Policy, "public.course"), ["on"]);
    assert_eq!(
        of(ObjectKind::Policy, "public.course own"),
        ["permissive for select to public", "using (id > 0)"]
    );
    assert_eq!(
        of(ObjectKind::Sequence, "public.course_id_seq"),
        ["integer from 1 to 2147483647 by 1, starts with 1, caches 1", "owned by public.course.id"]
    );
    assert_eq!(
        of(ObjectKind::Partition, "public.event_2026"),
        ["of public.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"]
    );
    assert_eq!(of(ObjectKind::DataType, "public.mood"), ["enum", "label 'calm'", "label 'storm'"]);
    assert_eq!(of(ObjectKind::DataType, "public.place"), ["composite", "x integer", "y text"]);
    assert_eq!(of(ObjectKind::DataType, "public.age"), ["domain over integer not null default 1"]);
    assert!(of(ObjectKind::Extension, "plpgsql")[0].starts_with("version 1.0 in pg_catalog"));
    assert_eq!(of(ObjectKind::Role, READER), ["login", "member of pg_read_all_data"]);
}

/// A change, and the kinds that it shows in.
const CHANGES: &[(&str, &[ObjectKind])] = &[
    ("CREATE SCHEMA more", &[ObjectKind::Schema]),
    ("ALTER TABLE answer ALTER body TYPE jsonb", &[ObjectKind::Table]),
    ("ALTER TABLE answer ADD note text DEFAULT 'n'", &[ObjectKind::Table]),
    ("ALTER TABLE answer DISABLE TRIGGER ALL", &[ObjectKind::Table, ObjectKind::Trigger]),
    ("DROP INDEX answer_course", &[ObjectKind::Index]),
    ("ALTER TABLE answer DROP CONSTRAINT answer_course_id_fkey", &[ObjectKind::Constraint]),
    ("CREATE OR REPLACE VIEW named AS SELECT id, name FROM course WHERE id > 1", &[ObjectKind::View]),
    ("REFRESH MATERIALIZED VIEW counted WITH NO DATA", &[ObjectKind::MaterializedView]),
    (
        "CREATE OR REPLACE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'begin return new; end'",
        &[ObjectKind::Function],
    ),
    ("ALTER TABLE answer DISABLE TRIGGER audited", &[ObjectKind::Trigger]),
    ("ALTER TABLE course DISABLE ROW LEVEL SECURITY", &[ObjectKind::Policy]),
    ("ALTER POLICY own ON course USING (id > 1)", &[ObjectKind::Policy]),
    ("ALTER SEQUENCE course_id_seq INCREMENT 2", &[ObjectKind::Sequence]),
    ("ALTER TABLE event DETACH PARTITION event_2026", &[ObjectKind::Partition]),
    ("ALTER TYPE mood ADD VALUE 'dawn'", &[ObjectKind::DataType]),
    ("CREATE EXTENSION amcheck", &[ObjectKind::Extension, ObjectKind::Grant]),
    ("GRANT SELECT ON answer TO stranger", &[ObjectKind::Grant]),
    ("GRANT SELECT (id) ON answer TO stranger", &[ObjectKind::Grant]),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO stranger", &[ObjectKind::Grant]),
];

#[tokio::test]
async fn a_change_shows_in_its_own_kind_and_in_no_other() {
    for (sql, kinds) in CHANGES {
        let name = "a_change_shows_in_its_own_kind_and_in_no_other";
        let Some(database) = Database::make(name, SCHEMA).await else { return };
        let before = everything(&database).await;
        let mut again = everything(&database).await;
        again.insert(ObjectKind::Role, before[&ObjectKind::Role].clone());
        assert!(again == before, "twice the same is no change");
        database.admin.batch_execute(sql).await.unwrap();
        let after = everything(&database).await;
        let changed: Vec<ObjectKind> =
            ObjectKind::ALL.iter().copied().filter(|kind| before[kind] != after[kind]).collect();
        let changed: Vec<ObjectKind> = changed.into_iter().filter(|kind| *kind != ObjectKind::Role).collect();
        assert_eq!(changed, *kinds, "{sql}");
    }
}

#[tokio::test]
async fn roles_and_settings_are_told_without_values_that_are_not_postgresql_s() {
    let name = "roles_and_settings_are_told_without_values_that_are_not_postgresql_s";
    let Some(database) = Database::make(name, SCHEMA).await else { return };
    let role = format!("app_of_{}", database.name);
    let sql = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'pw_never_seen' CONNECTION LIMIT 7;
         ALTER ROLE {role} IN DATABASE {db} SET app.key = 'sk_live_never_seen';
         ALTER DATABASE {db} SET work_mem = '5MB'",
        db = database.name
    );
    database.admin.batch_execute(&sql).await.unwrap();
    let all = everything(&database).await;
    assert_eq!(lines(&all, ObjectKind::Role, &role), ["login, at most 7 connections"]);
    assert_eq!(lines(&all, ObjectKind::Setting, "database"), ["work_mem=5MB"]);
    assert_eq!(
        lines(&all, ObjectKind::Setting, &format!("role {role} in the database")),
        ["app.key = (hidden)"]
    );
    let everything = format!("{all:?}");
    for secret in ["pw_never_seen", "sk_live_never_seen", "sk_live_in_a_body", "SCRAM-SHA"] {
        assert!(!everything.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn many_and_oddly_named_objects_are_paged_without_a_gap() {
    let long = "数".repeat(21);
    let sql = format!(
        "DO $$ BEGIN FOR i IN 1..130 LOOP EXECUTE format('CREATE TABLE %I (%I int)', 't\"' || i, E'c\\n' || i); \
         END LOOP; END $$; CREATE TABLE \"{long}\" (\"{long}\" int)"
    );
    let name = "many_and_oddly_named_objects_are_paged_without_a_gap";
    let Some(database) = Database::make(name, &sql).await else { return };
    let all = everything(&database).await;
    assert_eq!(all[&ObjectKind::Table].len(), 262);
    assert_eq!(lines(&all, ObjectKind::Table, &format!("public.\"{long}\" column \"{long}\"")), ["integer"]);
}
