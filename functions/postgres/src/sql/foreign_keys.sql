-- The foreign keys by which the tables of tables.sql refer to others, in the order of their names' bytes. A
-- partition has its own copy of its parent's key, which counts: the rows are in the partition. A key to a
-- partitioned table has a copy for each of that one's partitions, on the same table, which doesn't: the row may
-- be in any of them. A key that was never validated, or isn't enforced, promises nothing.
SELECT k.conrelid AS table,
       k.conname::text AS name
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_constraint AS of ON of.oid = k.conparentid
WHERE k.contype = 'f' AND k.convalidated
  AND (of.oid IS NULL OR of.conrelid <> k.conrelid)
  AND t.relkind = 'r' AND t.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY k.conrelid, k.conname::text COLLATE "C"
