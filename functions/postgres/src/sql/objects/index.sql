-- Indexes: their definition. Whether they are valid is a matter of health.
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('i', 'I') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, 1 AS place, pg_catalog.pg_get_indexdef(page.oid) AS line FROM page
