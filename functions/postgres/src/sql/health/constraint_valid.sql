-- Constraints, and those of them that were never validated: old rows may break them.
SELECT pg_catalog.count(*) OVER () AS examined, listed.*
FROM (
    SELECT coalesce(n.nspname || '.' || c.relname || ' ', '') || k.conname AS subject,
           CASE WHEN NOT k.convalidated THEN 'it is NOT VALID: old rows may break it' END AS found
    FROM pg_catalog.pg_constraint AS k
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.connamespace NOT IN (SELECT s.oid FROM pg_catalog.pg_namespace AS s
                                 WHERE s.nspname = 'information_schema' OR s.nspname ~ '^pg_')
) AS listed
ORDER BY listed.found IS NULL, listed.subject COLLATE "C"
LIMIT $1
