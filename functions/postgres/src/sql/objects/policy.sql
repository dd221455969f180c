-- Row-level security: of which tables it is on, and each policy.
SELECT c.oid, 'table' AS source, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relrowsecurity AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT p.oid, 'policy', pg_catalog.format('%I.%I %I', n.nspname, c.relname, p.polname)
FROM pg_catalog.pg_policy AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
-- definition
SELECT page.name, line.place, line.line
FROM page
LEFT JOIN pg_catalog.pg_class AS c ON page.source = 'table' AND c.oid = page.oid
LEFT JOIN pg_catalog.pg_policy AS p ON page.source = 'policy' AND p.oid = page.oid
CROSS JOIN LATERAL (VALUES
    (1, CASE WHEN c.oid IS NULL THEN NULL WHEN c.relforcerowsecurity THEN 'on, forced' ELSE 'on' END),
    (2, CASE WHEN p.oid IS NOT NULL THEN
            CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END
            || ' for ' || CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                                        WHEN 'd' THEN 'delete' ELSE 'all' END
            || ' to ' || pg_catalog.array_to_string(ARRAY(
                SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(r)::text END
                FROM pg_catalog.unnest(p.polroles) AS r ORDER BY 1), ', ') END),
    (3, 'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
    (4, 'with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
) AS line (place, line)
WHERE line.line IS NOT NULL
