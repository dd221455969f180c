-- What has been written: the snapshot, which changes with every transaction of the whole server that wrote, and
-- the rows that were written in this database's own tables. Everybody may read these numbers, of tables too that
-- they may not read. They lag: since PostgreSQL 15 a session reports what it wrote when its transaction ends, but
-- at most once a second, and what is left when it has been idle for ten (pgstat.c, PGSTAT_MIN_INTERVAL and
-- PGSTAT_IDLE_INTERVAL); before, at most twice a second, and what is left with its next statement
-- (PGSTAT_STAT_INTERVAL). The snapshot doesn't lag.
SELECT pg_catalog.pg_current_snapshot()::text AS snapshot,
       (SELECT coalesce(sum(pg_catalog.pg_stat_get_tuples_inserted(c.oid)
                            + pg_catalog.pg_stat_get_tuples_updated(c.oid)
                            + pg_catalog.pg_stat_get_tuples_deleted(c.oid)), 0)::bigint
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_') AS writes
