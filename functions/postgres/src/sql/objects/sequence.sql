-- Sequences: what they count, not where they are.
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, 1 AS place,
       pg_catalog.format_type(s.seqtypid, NULL) || ' from ' || s.seqmin || ' to ' || s.seqmax || ' by ' || s.seqincrement
       || ', starts with ' || s.seqstart || ', caches ' || s.seqcache
       || CASE WHEN s.seqcycle THEN ', cycles' ELSE '' END AS line
FROM page JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = page.oid
UNION ALL
SELECT page.name, 2, 'owned by ' || pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname)
FROM page
JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = page.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
