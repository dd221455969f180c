-- Materialised views: their query, and whether they hold anything.
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, 1 AS place, pg_catalog.pg_get_viewdef(page.oid) AS line FROM page
UNION ALL
SELECT page.name, 0, CASE WHEN c.relispopulated THEN 'populated' ELSE 'not populated' END
FROM page JOIN pg_catalog.pg_class AS c ON c.oid = page.oid
