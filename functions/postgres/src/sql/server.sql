-- Who the server and the session are. A session sees its own row of pg_stat_ssl whatever its rights.
SELECT pg_catalog.current_setting('server_version') AS version,
       coalesce(s.version, 'none') AS tls,
       current_user::text AS role,
       pg_catalog.current_database()::text AS database
FROM (SELECT pg_catalog.pg_backend_pid() AS pid) AS me
LEFT JOIN pg_catalog.pg_stat_ssl AS s ON s.pid = me.pid
