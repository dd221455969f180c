-- The columns of a table ($1 schema, $2 table): name, type in words, and whether it is a date or a
-- timestamp, also below domains.
WITH RECURSIVE base AS (
    SELECT a.attnum, a.attname, a.atttypid AS declared, a.atttypmod, t.oid AS type, t.typbasetype
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    WHERE n.nspname = $1::text AND c.relname = $2::text AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT base.attnum, base.attname, base.declared, base.atttypmod, t.oid, t.typbasetype
    FROM base
    JOIN pg_catalog.pg_type AS t ON t.oid = base.typbasetype
)
SELECT attname::text AS name,
       pg_catalog.format_type(declared, atttypmod) AS type,
       type IN ('pg_catalog.date'::regtype, 'pg_catalog.timestamp'::regtype, 'pg_catalog.timestamptz'::regtype) AS is_time
FROM base
WHERE typbasetype = 0
ORDER BY attnum
