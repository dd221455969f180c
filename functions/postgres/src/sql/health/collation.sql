-- Collations that columns and indexes use, and those of them whose version isn't the one of the server's
-- library: indexes on text may be in another order than the library's.
SELECT pg_catalog.count(*) OVER () AS examined, listed.*
FROM (
    SELECT DISTINCT n.nspname || '.' || l.collname AS subject,
           CASE WHEN l.collversion IS DISTINCT FROM pg_catalog.pg_collation_actual_version(l.oid)
                THEN 'it is of version ' || coalesce(l.collversion, 'none') || ', the library of '
                     || coalesce(pg_catalog.pg_collation_actual_version(l.oid), 'none')
                     || ': indexes on it may be in the wrong order' END AS found
    FROM (
        SELECT a.attcollation AS oid
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'i') AND s.nspname <> 'information_schema' AND s.nspname !~ '^pg_'
    ) AS used
    JOIN pg_catalog.pg_collation AS l ON l.oid = used.oid AND l.collprovider <> 'd'
    JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
    WHERE l.collversion IS NOT NULL
) AS listed
ORDER BY listed.found IS NULL, listed.subject COLLATE "C"
LIMIT $1
