-- Extensions with their versions.
SELECT e.oid, pg_catalog.quote_ident(e.extname) AS name
FROM pg_catalog.pg_extension AS e
-- definition
SELECT page.name, 1 AS place, 'version ' || e.extversion || ' in ' || pg_catalog.quote_ident(n.nspname) AS line
FROM page
JOIN pg_catalog.pg_extension AS e ON e.oid = page.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
