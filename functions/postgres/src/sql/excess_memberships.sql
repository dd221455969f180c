-- Predefined roles that let a member write, run programs or disturb others (PostgreSQL documentation,
-- 22.5, "Predefined Roles"), and those of RDS. Roles that the server doesn't have aren't in pg_roles.
SELECT r.rolname::text AS role
FROM pg_catalog.pg_roles AS r
WHERE r.rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files',
                    'pg_write_server_files', 'pg_signal_backend', 'pg_maintain', 'pg_checkpoint',
                    'pg_create_subscription', 'rds_superuser', 'rds_replication', 'rds_password')
  AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
ORDER BY r.rolname
