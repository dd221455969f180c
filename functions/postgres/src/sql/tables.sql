-- Every user table with a heap of its own, in the order of their names' bytes. Partitions are tables;
-- a partitioned table has no heap. Tables of extensions are data too.
SELECT c.oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       coalesce(pg_catalog.pg_relation_size(c.oid), 0) AS heap_size_bytes,
       -- Blocks whose rows an index leads to without a look at them; -1 where nobody has counted them.
       c.relallvisible AS blocks_all_visible
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
  AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname::text COLLATE "C", c.relname::text COLLATE "C"
