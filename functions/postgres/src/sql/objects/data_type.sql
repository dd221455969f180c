-- Types and domains that somebody made; the row types of tables are told with the tables.
SELECT t.oid, pg_catalog.format('%I.%I', n.nspname, t.typname) AS name
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
-- definition
SELECT page.name, line.place, line.line
FROM page
JOIN pg_catalog.pg_type AS t ON t.oid = page.oid
CROSS JOIN LATERAL (
    SELECT 0::bigint AS place,
           CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' WHEN 'c' THEN 'composite'
               ELSE 'domain over ' || pg_catalog.format_type(t.typbasetype, t.typtypmod)
                    || CASE WHEN t.typnotnull THEN ' not null' ELSE '' END
                    || coalesce(' default ' || t.typdefault, '') END AS line
    UNION ALL
    SELECT pg_catalog.row_number() OVER (ORDER BY e.enumsortorder), 'label ' || pg_catalog.quote_literal(e.enumlabel)
    FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid
    UNION ALL
    SELECT a.attnum, pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
    FROM pg_catalog.pg_attribute AS a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 1, 'of ' || pg_catalog.format_type(r.rngsubtype, NULL)
    FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid
) AS line
