-- Extensions, and those of them whose files this server doesn't have.
SELECT pg_catalog.count(*) OVER () AS examined, listed.*
FROM (
    SELECT e.extname::text AS subject,
           CASE WHEN a.name IS NULL THEN 'version ' || e.extversion || ' is in the catalogue, and the server has no files of it' END AS found
    FROM pg_catalog.pg_extension AS e
    LEFT JOIN pg_catalog.pg_available_extensions() AS a ON a.name = e.extname
) AS listed
ORDER BY listed.found IS NULL, listed.subject COLLATE "C"
LIMIT $1
