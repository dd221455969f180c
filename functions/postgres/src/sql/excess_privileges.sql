-- Privileges to write that the session's role holds, also by a role that it can become by SET ROLE:
-- kind, privilege, how often, one example. Privileges on single columns count.
WITH me AS (
    SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
), held AS (
    SELECT 1 AS place, 'table' AS kind, p.privilege,
           pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN (VALUES ('insert', true), ('update', true), ('delete', false), ('truncate', false)) AS p (privilege, of_columns)
    WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND EXISTS (SELECT FROM me
                  WHERE CASE WHEN p.of_columns
                             THEN pg_catalog.has_any_column_privilege(me.oid, c.oid, p.privilege)
                             ELSE pg_catalog.has_table_privilege(me.oid, c.oid, p.privilege)
                        END)
    UNION ALL
    SELECT 2, 'schema', 'create', pg_catalog.quote_ident(n.nspname)
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND EXISTS (SELECT FROM me WHERE pg_catalog.has_schema_privilege(me.oid, n.oid, 'CREATE'))
    UNION ALL
    SELECT 3, 'database', 'create', pg_catalog.quote_ident(d.datname)
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
      AND EXISTS (SELECT FROM me WHERE pg_catalog.has_database_privilege(me.oid, d.oid, 'CREATE'))
)
SELECT kind, privilege, count(*) AS count, min(name COLLATE "C") AS example
FROM held
GROUP BY place, kind, privilege
ORDER BY place, privilege
