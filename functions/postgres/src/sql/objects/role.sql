-- Roles with attributes and memberships. PostgreSQL's own and those of RDS aren't the user's.
SELECT r.oid, pg_catalog.quote_ident(r.rolname) AS name
FROM pg_catalog.pg_roles AS r
WHERE r.rolname !~ '^(pg_|rds_|rdsadmin$|rdstopmgr$|rdsrepladmin$|rdsproxyadmin$|rdswriteforwarduser$)'
-- definition
SELECT page.name, line.place, line.line
FROM page
JOIN pg_catalog.pg_roles AS r ON r.oid = page.oid
CROSS JOIN LATERAL (
    SELECT 1 AS place,
           CASE WHEN r.rolcanlogin THEN 'login' ELSE 'no login' END
           || CASE WHEN r.rolsuper THEN ', superuser' ELSE '' END
           || CASE WHEN NOT r.rolinherit THEN ', noinherit' ELSE '' END
           || CASE WHEN r.rolcreaterole THEN ', createrole' ELSE '' END
           || CASE WHEN r.rolcreatedb THEN ', createdb' ELSE '' END
           || CASE WHEN r.rolreplication THEN ', replication' ELSE '' END
           || CASE WHEN r.rolbypassrls THEN ', bypassrls' ELSE '' END
           || CASE WHEN r.rolconnlimit <> -1 THEN ', at most ' || r.rolconnlimit || ' connections' ELSE '' END
           || coalesce(', valid until ' || r.rolvaliduntil, '') AS line
    UNION ALL
    SELECT 2, 'member of ' || pg_catalog.quote_ident(g.rolname)
              || CASE WHEN pg_catalog.bool_or(m.admin_option) THEN ' with admin option' ELSE '' END
    FROM pg_catalog.pg_auth_members AS m
    JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
    WHERE m.member = r.oid
    GROUP BY g.rolname
) AS line
