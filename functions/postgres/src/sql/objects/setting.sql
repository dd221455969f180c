-- Settings of this database and of roles. Values of settings that aren't PostgreSQL's own stay hidden:
-- applications keep keys in them.
SELECT s.setdatabase AS oid, s.setrole, CASE
           WHEN s.setdatabase = 0 THEN pg_catalog.format('role %I', r.rolname)
           WHEN s.setrole = 0 THEN 'database'
           ELSE pg_catalog.format('role %I in the database', r.rolname) END AS name
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
WHERE (s.setdatabase = 0 OR d.datname = pg_catalog.current_database()) AND (s.setrole = 0 OR r.oid IS NOT NULL)
  AND coalesce(r.rolname, '') !~ '^(rds_|rdsadmin$|rdstopmgr$|rdsrepladmin$|rdsproxyadmin$)'
-- definition
SELECT page.name, 1 AS place,
       CASE WHEN pg_catalog.strpos(pg_catalog.split_part(setting.setting, '=', 1), '.') > 0
            THEN pg_catalog.split_part(setting.setting, '=', 1) || ' = (hidden)'
            ELSE setting.setting END AS line
FROM page
JOIN pg_catalog.pg_db_role_setting AS s ON s.setdatabase = page.oid AND s.setrole = page.setrole
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS setting (setting)
