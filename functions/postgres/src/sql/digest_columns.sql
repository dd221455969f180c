-- The columns of table $1.$2: name and type, the server's major version, and for a column along which a table can
-- grow the margin that is taken from its newest value, as SQL.
SELECT a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       pg_catalog.current_setting('server_version_num')::int / 10000 AS major,
       CASE WHEN a.atttypid IN ('pg_catalog.timestamp'::pg_catalog.regtype, 'pg_catalog.timestamptz'::pg_catalog.regtype)
            THEN 'interval ''1 hour'''
            WHEN a.atttypid = 'pg_catalog.date'::pg_catalog.regtype THEN '1'
            WHEN a.atttypid IN ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype, 'pg_catalog.int8'::pg_catalog.regtype)
            THEN '1000' END AS margin
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relname = $2::text AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
