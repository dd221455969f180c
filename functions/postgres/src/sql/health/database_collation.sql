-- The database's own collation, whose version PostgreSQL 15 and later keep.
SELECT 1::bigint AS examined, 'database ' || d.datname AS subject,
       CASE WHEN d.datcollversion IS DISTINCT FROM pg_catalog.pg_database_collation_actual_version(d.oid)
            THEN 'its collation is of version ' || coalesce(d.datcollversion, 'none') || ', the library of '
                 || coalesce(pg_catalog.pg_database_collation_actual_version(d.oid), 'none')
                 || ': indexes on text may be in the wrong order' END AS found
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database() AND d.datcollversion IS NOT NULL
LIMIT $1
