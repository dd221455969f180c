-- What is in the database and not checked: kind, how many, one example. Unlogged tables are counted
-- like all others, but say nothing: the server empties them whenever it recovers.
WITH gap AS (
    SELECT CASE
               WHEN c.relkind = 'f' THEN 'foreign table'
               WHEN c.relkind = 'm' THEN 'materialised view'
               WHEN c.relkind = 'r' AND c.relpersistence = 'u' THEN 'unlogged table'
           END AS kind,
           pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('f', 'm', 'r')
      AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    UNION ALL
    SELECT 'large object', NULL
    FROM pg_catalog.pg_largeobject_metadata
)
SELECT kind, count(*) AS count, min(name COLLATE "C") AS example
FROM gap
WHERE kind IS NOT NULL
GROUP BY kind
ORDER BY kind COLLATE "C"
