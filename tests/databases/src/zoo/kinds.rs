//! Kinds of columns: a type, a value for each row, and the indexes that it can have.

/// A kind of column. In `value`, `g` is the number of the row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) sql_type: &'static str,
    pub(super) value: &'static str,
    /// Access methods with, where it isn't the default one, an operator class.
    pub(super) indexes: &'static [(&'static str, &'static str)],
    /// Whether no two rows have the same value.
    pub(super) is_unique: bool,
    /// Whether `lower()` takes it.
    pub(super) is_text: bool,
}

const fn kind(
    sql_type: &'static str,
    value: &'static str,
    indexes: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { sql_type, value, indexes, is_unique: false, is_text: false }
}

const fn unique(kind: Kind) -> Kind {
    Kind { is_unique: true, ..kind }
}

const fn text(kind: Kind) -> Kind {
    Kind { is_text: true, ..kind }
}

const BTREE: (&str, &str) = ("btree", "");
const HASH: (&str, &str) = ("hash", "");
const BRIN: (&str, &str) = ("brin", "");
const GIN: (&str, &str) = ("gin", "");
const GIST: (&str, &str) = ("gist", "");
const SPGIST: (&str, &str) = ("spgist", "");

/// All kinds. `mood`, `pair` and `positive` are types of the specimen's own.
pub(super) const KINDS: &[Kind] = &[
    kind("smallint", "(g % 30000)::smallint", &[BTREE, HASH, BRIN]),
    kind("integer", "g * 7 % 1000", &[BTREE, HASH, BRIN]),
    unique(kind("bigint", "g::bigint * 1000000007", &[BTREE, HASH, BRIN])),
    kind("numeric(12,3)", "g / 7.0", &[BTREE, HASH, BRIN]),
    kind("numeric", "CASE WHEN g % 50 = 0 THEN 'NaN'::numeric ELSE g * 1.500 END", &[BTREE]),
    kind("real", "(g / 3.0)::real", &[BTREE, HASH]),
    kind(
        "double precision",
        "CASE g % 40 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN '-Infinity' WHEN 2 THEN '-0' ELSE sqrt(g) END",
        &[BTREE, HASH],
    ),
    unique(text(kind(
        "text",
        "'Text ' || md5(g::text) || g",
        &[BTREE, HASH, BRIN, SPGIST, ("btree", "text_pattern_ops"), ("gin", "gin_trgm_ops")],
    ))),
    text(kind("text", "repeat(md5(g::text), 100 + g % 300)", &[HASH])),
    text(kind("varchar(40)", "'Ünïcode ' || g % 100", &[BTREE, ("btree", "varchar_pattern_ops")])),
    text(kind("char(8)", "'c' || g % 1000", &[BTREE, HASH])),
    text(kind("text COLLATE \"de-x-icu\"", "'Straße ' || md5(g::text)", &[BTREE])),
    text(kind(
        "text COLLATE any_case",
        "CASE WHEN g % 2 = 0 THEN 'WORD ' ELSE 'word ' END || g / 2",
        &[BTREE],
    )),
    text(kind("citext", "'Mixed Case ' || g % 77", &[BTREE, HASH])),
    kind("boolean", "g % 3 = 0", &[BTREE]),
    kind(
        "date",
        "CASE WHEN g % 99 = 0 THEN 'infinity'::date ELSE date '2020-01-01' + g % 2000 END",
        &[BTREE],
    ),
    kind("time", "time '00:00' + g * interval '1 second'", &[BTREE, BRIN]),
    kind("timestamp", "timestamp '1900-01-01' + g * interval '1 month'", &[BTREE, BRIN]),
    kind("timestamptz", "timestamptz '2020-01-01Z' + g * interval '1 hour'", &[BTREE, BRIN]),
    kind("interval", "g * interval '1 month 3 days 4 hours'", &[BTREE, HASH]),
    unique(kind("uuid", "md5(g::text)::uuid", &[BTREE, HASH])),
    kind("jsonb", "jsonb_build_object('n', g, 'tags', ARRAY['a', 'ü', g::text])", &[GIN, BTREE, HASH]),
    kind("json", "json_build_object('n', g)", &[]),
    kind("bytea", "decode(md5(g::text), 'hex')", &[BTREE, HASH]),
    kind("inet", "'10.0.0.0'::inet + g", &[BTREE, SPGIST, ("gist", "inet_ops")]),
    kind("macaddr", "'08:00:2b:01:02:03'::macaddr", &[BTREE]),
    kind(
        "int4range",
        "CASE WHEN g % 9 = 0 THEN 'empty'::int4range ELSE int4range(g, g + 10) END",
        &[GIST, SPGIST],
    ),
    kind("tstzrange", "tstzrange('2020-01-01Z', '2020-01-01Z'::timestamptz + g * interval '1 day')", &[GIST]),
    kind("int4multirange", "int4multirange(int4range(g, g + 2), int4range(g + 5, g + 9))", &[GIST, BTREE]),
    kind("integer[]", "ARRAY[g, g % 10, NULL]", &[GIN, BTREE]),
    kind("text[]", "ARRAY['x' || g % 5, 'quote\" and, comma', '']", &[GIN]),
    kind("point", "point(g, g % 100)", &[GIST, SPGIST]),
    kind("box", "box(point(g, g), point(g + 1, g + 2))", &[GIST, SPGIST]),
    kind("tsvector", "to_tsvector('simple', 'word' || g % 50 || ' another')", &[GIN, GIST]),
    kind("bit varying(12)", "(g % 2048)::bit(12)::varbit", &[BTREE]),
    kind("money", "(g % 1000)::money", &[BTREE]),
    kind("hstore", "hstore('k' || g % 4, g::text)", &[GIN, GIST, BTREE]),
    kind("mood", "(ARRAY['good', 'bad', 'so so'])[1 + g % 3]::mood", &[BTREE, HASH]),
    kind("mood[]", "ARRAY['good', 'bad']::mood[]", &[BTREE, GIN]),
    kind("pair", "ROW(g, 'x, \"y\"')::pair", &[BTREE]),
    kind("positive", "(g % 100 + 1)::positive", &[BTREE, HASH]),
];
