-- Databases, and those of them whose oldest transaction id or multixact is older than the age at which
-- PostgreSQL's vacuum gives up its manners (vacuum_failsafe_age, 1.6 billion; it refuses to write at 2.1).
SELECT pg_catalog.count(*) OVER () AS examined, listed.*
FROM (
    SELECT d.datname::text AS subject,
           CASE WHEN pg_catalog.age(d.datfrozenxid) > 1600000000
                THEN 'its oldest transaction id is ' || pg_catalog.age(d.datfrozenxid) || ' transactions old; at 2,147,483,648 it stops'
                WHEN pg_catalog.mxid_age(d.datminmxid) > 1600000000
                THEN 'its oldest multixact is ' || pg_catalog.mxid_age(d.datminmxid) || ' old; at 2,147,483,648 it stops'
           END AS found
    FROM pg_catalog.pg_database AS d
) AS listed
ORDER BY listed.found IS NULL, listed.subject COLLATE "C"
LIMIT $1
