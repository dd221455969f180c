-- Sequences that fill a column of a table, with where they are: the last value that was given, null when
-- none was, or when the role may not read it.
SELECT n.nspname::text AS schema, c.relname::text AS sequence,
       tn.nspname::text AS table_schema, t.relname::text AS table_name, a.attname::text AS column_name,
       s.seqstart AS start, s.seqincrement AS increment, t.relkind = 'p' AS is_partitioned,
       pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS is_readable,
       CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
            THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value
FROM pg_catalog.pg_sequence AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid AND c.relpersistence = 'p'
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT s.seqcycle
  AND a.atttypid IN ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype, 'pg_catalog.int8'::pg_catalog.regtype)
ORDER BY 1, 2
