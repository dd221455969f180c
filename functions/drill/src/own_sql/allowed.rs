//! What a query may call and name: the one place where the lists are.
//!
//! A function is on the list when it computes its result from its arguments, or reads the database
//! or the clock, and nothing else: it doesn't write, wait, take locks beyond a reader's, run SQL
//! that it is given as text, or reach files and networks. Functions that can make much out of
//! little (`generate_series`, `repeat`) are on it: what bounds them is the statement's time, as it
//! bounds any join.
//!
//! A test holds the lists against a real PostgreSQL: each name is there, none writes.

/// Functions that PostgreSQL's grammar knows by name. Nobody can define another one under such a
/// name without quotes, so they are called as they are (PostgreSQL, `gram.y`, `func_expr_common_subexpr`).
pub(super) const GRAMMAR: &[&str] = &[
    "coalesce",
    "current_time",
    "current_timestamp",
    "extract",
    "greatest",
    "grouping",
    "least",
    "localtime",
    "localtimestamp",
    "normalize",
    "nullif",
    "position",
    "row",
    "trim",
];

/// What stands without parentheses and is a call nevertheless.
pub(super) const WITHOUT_PARENTHESES: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
];

/// Functions of the schema `pg_catalog`, sorted within each kind.
pub(super) const CATALOGUE: &[&str] = &[
    // Aggregates, `WITHIN GROUP` included.
    "any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp",
    "cume_dist dense_rank every json_agg json_object_agg jsonb_agg jsonb_object_agg max min mode",
    "percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank regr_avgx regr_avgy",
    "regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop",
    "stddev_samp string_agg sum var_pop var_samp variance",
    // Windows.
    "first_value lag last_value lead nth_value ntile row_number",
    // Rows.
    "generate_series generate_subscripts unnest",
    // Numbers.
    "abs acos acosh asin asinh atan atan2 atanh cbrt ceil ceiling cos cosh cot degrees div exp factorial",
    "floor gcd lcm ln log log10 min_scale mod pi pow power radians random round scale sign sin sinh sqrt",
    "tan tanh trim_scale trunc width_bucket",
    // Text and bytes.
    "ascii bit_count bit_length btrim char_length character_length chr concat concat_ws convert_from",
    "convert_to decode encode format get_bit get_byte initcap left length lower lpad ltrim md5",
    "octet_length overlay quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like",
    "regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr",
    "repeat replace reverse right rpad rtrim sha224 sha256 sha384 sha512 split_part starts_with",
    "string_to_array string_to_table strpos substr substring to_char to_date to_hex to_number",
    "to_timestamp translate upper",
    // Date and time.
    "age clock_timestamp date date_add date_bin date_part date_subtract date_trunc isfinite justify_days",
    "justify_hours justify_interval make_date make_interval make_time make_timestamp make_timestamptz now",
    "statement_timestamp timezone transaction_timestamp",
    // JSON.
    "array_to_json json_array_elements json_array_elements_text json_array_length json_build_array",
    "json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object_keys",
    "json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_elements",
    "jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each",
    "jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_keys jsonb_path_exists",
    "jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty",
    "jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json",
    "to_jsonb",
    // Arrays.
    "array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position",
    "array_positions array_prepend array_remove array_replace array_to_string array_upper cardinality",
    "trim_array",
    // Enumerations, ranges, network addresses.
    "enum_first enum_last enum_range daterange int4range int8range isempty lower_inc lower_inf numrange",
    "range_merge tsrange tstzrange upper_inc upper_inf abbrev broadcast family host hostmask inet_merge",
    "inet_same_family masklen netmask network text area center point",
    // Text search.
    "phraseto_tsquery plainto_tsquery to_tsquery to_tsvector ts_rank ts_rank_cd websearch_to_tsquery",
    // Nulls.
    "num_nonnulls num_nulls",
    // What the database says of itself.
    "col_description current_database current_schema current_schemas current_setting format_type",
    "has_column_privilege has_database_privilege has_schema_privilege has_sequence_privilege",
    "has_table_privilege obj_description pg_column_size pg_database_size pg_encoding_to_char",
    "pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_serial_sequence pg_get_userbyid",
    "pg_get_viewdef pg_has_role pg_indexes_size pg_is_in_recovery pg_postmaster_start_time",
    "pg_relation_size pg_size_bytes pg_size_pretty pg_table_is_visible pg_table_size",
    "pg_total_relation_size pg_typeof to_regclass to_regnamespace to_regproc to_regrole to_regtype",
    "version",
];

/// Types that a value may be cast to, of the schema `pg_catalog`. A cast to a type of the database's
/// own can call a function of its own. The types of names (`regclass` and its like) look objects up.
pub(super) const TYPES: &[&str] = &[
    "bigint",
    "bit",
    "bool",
    "boolean",
    "box",
    "bpchar",
    "bytea",
    "char",
    "character",
    "cidr",
    "circle",
    "date",
    "datemultirange",
    "daterange",
    "dec",
    "decimal",
    "float",
    "float4",
    "float8",
    "inet",
    "int",
    "int2",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "integer",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "path",
    "point",
    "polygon",
    "real",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "uuid",
    "varbit",
    "varchar",
];

/// The types that may stand before their value, as in `date '2026-11-21'`. The others go after it: the
/// parser takes only these for what they are.
pub(super) const BEFORE_VALUE: &[&str] = &[
    "bigint",
    "bool",
    "boolean",
    "date",
    "int",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "uuid",
];

/// The operators of the schema `pg_catalog`, and what looks like one.
pub(super) const OPERATORS: &[&str] = &[
    "!!", "!=", "!~", "!~*", "!~~", "!~~*", "#", "##", "#-", "#>", "#>>", "%", "&", "&&", "&<", "&<|", "&>",
    "*", "+", "-", "->", "->>", "-|-", "/", "<", "<->", "<<", "<<=", "<<|", "<=", "<>", "<@", "<^", "=",
    "=>", ">", ">=", ">>", ">>=", ">^", "?", "?#", "?&", "?-", "?-|", "?|", "?||", "@", "@-@", "@>", "@?",
    "@@", "^", "^@", "|", "|&>", "|/", "|>>", "||", "||/", "~", "~*", "~=", "~~", "~~*",
];

/// Words of the grammar that may stand before a parenthesis without being a call. Some of them can be
/// the name of a function as well, where the grammar expects an expression; the tree tells.
pub(super) const BEFORE_PARENTHESIS: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asymmetric",
    "between",
    "bit",
    "both",
    "by",
    "case",
    "cast",
    "char",
    "character",
    "cube",
    "dec",
    "decimal",
    "distinct",
    "else",
    "escape",
    "except",
    "exists",
    "filter",
    "float",
    "for",
    "from",
    "group",
    "having",
    "ilike",
    "in",
    "intersect",
    "interval",
    "join",
    "lateral",
    "leading",
    "like",
    "limit",
    "materialized",
    "not",
    "numeric",
    "offset",
    "on",
    "or",
    "over",
    "overlaps",
    "placing",
    "rollup",
    "select",
    "sets",
    "some",
    "symmetric",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "union",
    "using",
    "values",
    "varchar",
    "varying",
    "when",
    "where",
    "zone",
];

/// Reserved words of the grammar that may stand before a string. After a name a string makes it a type.
pub(super) const BEFORE_TEXT: &[&str] = &[
    "all",
    "and",
    "asymmetric",
    "between",
    "both",
    "case",
    "distinct",
    "else",
    "for",
    "from",
    "having",
    "in",
    "leading",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "placing",
    "select",
    "symmetric",
    "then",
    "to",
    "trailing",
    "when",
    "where",
];

/// Relations of the catalogue that hold passwords or what stands for one. A value goes into the
/// evidence, where no secret may be.
pub(super) const SECRETS: &[&str] = &[
    "pg_authid",
    "pg_shadow",
    "pg_subscription",
    "pg_user_mapping",
    "pg_user_mappings",
    "user_mapping_options",
];

/// Whether the schema `pg_catalog` has an allowed function of that name.
pub(super) fn is_of_catalogue(name: &str) -> bool {
    super::allowed_functions().any(|listed| listed == name)
}
