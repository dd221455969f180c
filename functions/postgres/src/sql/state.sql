-- What the catalogue depends on: as long as this is the same, so is the catalogue. A transaction that changed it
-- would have moved the snapshot; a server that was restored has another start.
SELECT pg_catalog.pg_current_snapshot()::text AS snapshot,
       pg_catalog.pg_postmaster_start_time()::text AS server_started_at,
       pg_catalog.current_database()::text AS database,
       current_user::text AS role
