-- Which table is a partition of which, and for which values.
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, 1 AS place,
       'of ' || i.inhparent::pg_catalog.regclass::text || ' ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid)
       || CASE WHEN (pg_catalog.to_jsonb(i) ->> 'inhdetachpending')::boolean THEN ', being detached' ELSE '' END AS line
FROM page
JOIN pg_catalog.pg_class AS c ON c.oid = page.oid
JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = page.oid
