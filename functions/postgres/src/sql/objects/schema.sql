-- Schemas: owner.
SELECT n.oid, pg_catalog.quote_ident(n.nspname) AS name
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
-- definition
SELECT page.name, 1 AS place, 'owner ' || pg_catalog.pg_get_userbyid(n.nspowner) AS line
FROM page JOIN pg_catalog.pg_namespace AS n ON n.oid = page.oid
