-- Constraints of tables and domains. NOT NULL, which PostgreSQL 18 lists too, is told with the column.
SELECT k.oid,
       CASE WHEN c.oid IS NOT NULL THEN pg_catalog.format('%I.%I %I', n.nspname, c.relname, k.conname)
            ELSE pg_catalog.format('%I.%I %I', n.nspname, t.typname, k.conname) END AS name
FROM pg_catalog.pg_constraint AS k
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace AS n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
WHERE k.contype <> 'n' AND (c.oid IS NOT NULL OR t.oid IS NOT NULL)
  AND c.relpersistence IS DISTINCT FROM 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, 1 AS place, pg_catalog.pg_get_constraintdef(page.oid) AS line FROM page
