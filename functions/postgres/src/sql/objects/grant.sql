-- Grants: the access list of each object that has one, and default privileges.
SELECT c.oid, 0 AS attnum, 'relation' AS source, pg_catalog.format('%s %I.%I',
           CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
           n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relacl IS NOT NULL AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT c.oid, a.attnum, 'column', pg_catalog.format('column %I.%I.%I', n.nspname, c.relname, a.attname)
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT n.oid, 0, 'schema', pg_catalog.format('schema %I', n.nspname)
FROM pg_catalog.pg_namespace AS n
WHERE n.nspacl IS NOT NULL AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT p.oid, 0, 'function', pg_catalog.format('function %I.%I(%s)', n.nspname, p.proname,
                                               pg_catalog.pg_get_function_identity_arguments(p.oid))
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proacl IS NOT NULL AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT d.oid, 0, 'database', 'database'
FROM pg_catalog.pg_database AS d
WHERE d.datacl IS NOT NULL AND d.datname = pg_catalog.current_database()
UNION ALL
SELECT d.oid, 0, 'default', pg_catalog.format('default for %s made by %I%s',
           CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                                WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END,
           pg_catalog.pg_get_userbyid(d.defaclrole),
           CASE WHEN n.oid IS NULL THEN '' ELSE pg_catalog.format(' in %I', n.nspname) END)
FROM pg_catalog.pg_default_acl AS d
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
-- definition
SELECT page.name, 1 AS place, item.item::text AS line
FROM page
CROSS JOIN LATERAL pg_catalog.unnest(CASE page.source
    WHEN 'relation' THEN (SELECT relacl FROM pg_catalog.pg_class WHERE oid = page.oid)
    WHEN 'column' THEN (SELECT attacl FROM pg_catalog.pg_attribute WHERE attrelid = page.oid AND attnum = page.attnum)
    WHEN 'schema' THEN (SELECT nspacl FROM pg_catalog.pg_namespace WHERE oid = page.oid)
    WHEN 'function' THEN (SELECT proacl FROM pg_catalog.pg_proc WHERE oid = page.oid)
    WHEN 'database' THEN (SELECT datacl FROM pg_catalog.pg_database WHERE oid = page.oid)
    ELSE (SELECT defaclacl FROM pg_catalog.pg_default_acl WHERE oid = page.oid)
END) AS item (item)
