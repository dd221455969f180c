-- Indexes, and those of them that are invalid or not ready: queries don't use them, and some aren't kept up.
SELECT pg_catalog.count(*) OVER () AS examined, listed.*
FROM (
    SELECT n.nspname || '.' || c.relname AS subject,
           CASE WHEN NOT i.indisready THEN 'it is not ready: rows that were written later are missing from it'
                WHEN NOT i.indisvalid THEN 'it is invalid: no query uses it' END AS found
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
) AS listed
ORDER BY listed.found IS NULL, listed.subject COLLATE "C"
LIMIT $1
