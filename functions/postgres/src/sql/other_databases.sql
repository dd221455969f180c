-- Databases of the server beside this one that can hold data of people. rdsadmin is AWS's own.
SELECT d.datname::text AS name
FROM pg_catalog.pg_database AS d
WHERE d.datallowconn AND NOT d.datistemplate
  AND d.datname <> pg_catalog.current_database() AND d.datname <> 'rdsadmin'
ORDER BY d.datname::text COLLATE "C"
