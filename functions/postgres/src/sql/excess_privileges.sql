-- Privileges to write that the session's role holds: kind, privilege, how often, one example.
WITH held AS (
    SELECT 1 AS place, 'table' AS kind, pg_catalog.lower(p.privilege) AS privilege,
           pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (privilege)
    WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND pg_catalog.has_table_privilege(c.oid, p.privilege)
    UNION ALL
    SELECT 2, 'schema', 'create', pg_catalog.quote_ident(n.nspname)
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
    UNION ALL
    SELECT 3, 'database', 'create', pg_catalog.quote_ident(d.datname)
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
      AND pg_catalog.has_database_privilege(d.oid, 'CREATE')
)
SELECT kind, privilege, count(*) AS count, min(name COLLATE "C") AS example
FROM held
GROUP BY place, kind, privilege
ORDER BY place, privilege
