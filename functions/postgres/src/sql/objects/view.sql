-- Views: their query.
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
-- definition
SELECT page.name, 1 AS place, pg_catalog.pg_get_viewdef(page.oid) AS line FROM page
UNION ALL
SELECT page.name, 0, 'with ' || pg_catalog.array_to_string(c.reloptions, ', ')
FROM page JOIN pg_catalog.pg_class AS c ON c.oid = page.oid
WHERE c.reloptions IS NOT NULL
