-- Tables, and those of them that are unlogged: recovery empties them, in every restore.
SELECT pg_catalog.count(*) OVER () AS examined, listed.*
FROM (
    SELECT n.nspname || '.' || c.relname AS subject,
           CASE WHEN c.relpersistence = 'u' THEN 'it is unlogged, so that it is empty in every restore' END AS found
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
) AS listed
ORDER BY listed.found IS NULL, listed.subject COLLATE "C"
LIMIT $1
