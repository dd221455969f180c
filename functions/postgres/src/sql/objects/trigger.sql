-- Triggers of tables, and of events, each with whether it is enabled.
SELECT t.oid, 'table' AS source, pg_catalog.format('%I.%I %I', n.nspname, c.relname, t.tgname) AS name
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT e.oid, 'event', pg_catalog.quote_ident(e.evtname)
FROM pg_catalog.pg_event_trigger AS e
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND d.objid = e.oid AND d.deptype = 'e')
-- definition
SELECT page.name, line.place, line.line
FROM page
LEFT JOIN pg_catalog.pg_trigger AS t ON page.source = 'table' AND t.oid = page.oid
LEFT JOIN pg_catalog.pg_event_trigger AS e ON page.source = 'event' AND e.oid = page.oid
CROSS JOIN LATERAL (VALUES
    (1, coalesce(pg_catalog.pg_get_triggerdef(t.oid), 'on event ' || e.evtevent || ' calls ' || e.evtfoid::pg_catalog.regproc::text)),
    (2, CASE coalesce(t.tgenabled, e.evtenabled)
            WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas only'
            WHEN 'A' THEN 'enabled always' END)
) AS line (place, line)
