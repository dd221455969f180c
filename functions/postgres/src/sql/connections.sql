-- How many more sessions the role may open: what the server, the database and the role allow beside those that
-- there are. Workers that share a scan count as sessions here; the server counts them elsewhere. Whoever is
-- in pg_stat_activity with a database and a role is a session, whatever the reader's rights hide of it.
SELECT greatest(0, least(
           pg_catalog.current_setting('max_connections')::int
               - pg_catalog.current_setting('superuser_reserved_connections')::int
               - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0)
               - coalesce(pg_catalog.current_setting('rds.rds_superuser_reserved_connections', true)::int, 0)
               - s.sessions,
           CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit - s.of_database ELSE 2147483647 END,
           CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit - s.of_role ELSE 2147483647 END
       ))::int AS free
FROM pg_catalog.pg_database AS d,
     pg_catalog.pg_roles AS r,
     (SELECT count(*) AS sessions,
             count(*) FILTER (WHERE a.datid = (SELECT me.oid FROM pg_catalog.pg_database AS me
                                               WHERE me.datname = pg_catalog.current_database())) AS of_database,
             count(*) FILTER (WHERE a.usesysid = (SELECT me.oid FROM pg_catalog.pg_roles AS me
                                                  WHERE me.rolname = current_user)) AS of_role
      FROM pg_catalog.pg_stat_activity AS a
      WHERE a.datid IS NOT NULL AND a.usesysid IS NOT NULL) AS s
WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user
