-- Tables, partitioned and foreign ones included, and each of their columns as an object of its own, so that
-- a difference names the column.
SELECT c.oid, 0 AS attnum, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT c.oid, a.attnum, pg_catalog.format('%I.%I column %I', n.nspname, c.relname, a.attname)
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, line.place, line.line
FROM page
JOIN pg_catalog.pg_class AS c ON c.oid = page.oid
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = page.oid AND a.attnum = page.attnum AND page.attnum > 0
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation AND l.collname <> 'default'
CROSS JOIN LATERAL (
    SELECT 1 AS place,
           CASE c.relkind WHEN 'p' THEN 'partitioned by ' || pg_catalog.pg_get_partkeydef(c.oid)
                          WHEN 'f' THEN 'foreign table'
                          ELSE CASE c.relpersistence WHEN 'u' THEN 'unlogged table' ELSE 'table' END
           END AS line
    WHERE page.attnum = 0
    UNION ALL
    SELECT 2, 'owner ' || pg_catalog.pg_get_userbyid(c.relowner) WHERE page.attnum = 0
    UNION ALL
    SELECT 3, 'with ' || pg_catalog.array_to_string(c.reloptions, ', ')
    WHERE page.attnum = 0 AND c.reloptions IS NOT NULL
    UNION ALL
    SELECT 4, 'inherits ' || i.inhparent::pg_catalog.regclass::text
    FROM pg_catalog.pg_inherits AS i
    WHERE page.attnum = 0 AND NOT c.relispartition AND i.inhrelid = c.oid
    UNION ALL
    SELECT 5, 'foreign keys are not enforced: their triggers are disabled'
    WHERE page.attnum = 0
      AND EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                  WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled = 'D')
    UNION ALL
    SELECT 6, pg_catalog.format_type(a.atttypid, a.atttypmod)
              || CASE WHEN l.oid IS NOT NULL THEN ' collate ' || pg_catalog.quote_ident(l.collname) ELSE '' END
              || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
              || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END
              || CASE WHEN d.oid IS NULL THEN ''
                      WHEN a.attgenerated <> '' THEN ' generated as ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                      ELSE ' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
    WHERE page.attnum > 0
) AS line
