-- The indexes of the tables of tables.sql, in the order of their names' bytes, and why the rows that one leads
-- to can't be counted; null when they can. The planner is asked for the rows in the index's order with all of
-- its columns. Of two indexes that could answer it takes the one with fewer blocks, and of two of the same size
-- the one that was made last (PostgreSQL, optimizer/util/pathnode.c, add_path, on the list of plancat.c): the
-- other one can't be had. The size is the one that the last VACUUM or ANALYZE saw: to ask for the real one
-- makes the server open each index, which takes seconds for 30,000.
SELECT x.indexrelid AS id,
       x.indrelid AS table,
       c.relname::text AS name,
       c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint AS size_bytes,
       x.indisvalid AND x.indisready AND x.indislive AND m.amname = 'btree' AS is_btree,
       x.indpred IS NOT NULL AS is_partial,
       x.indpred IS NOT NULL AND pg_catalog.has_table_privilege(x.indrelid, 'SELECT')
           AND NOT pg_catalog.row_security_active(x.indrelid) AS is_readable,
       CASE
           WHEN NOT (x.indisvalid AND x.indisready AND x.indislive) THEN 'invalid'
           WHEN m.amname <> 'btree' THEN 'other'
           WHEN x.indexprs IS NOT NULL THEN 'expression'
           WHEN EXISTS (
               SELECT
               FROM pg_catalog.pg_index AS y
               JOIN pg_catalog.pg_class AS yc ON yc.oid = y.indexrelid
               WHERE y.indrelid = x.indrelid AND y.indexrelid <> x.indexrelid AND yc.relam = c.relam
                 AND y.indisvalid AND y.indisready AND y.indislive AND y.indexprs IS NULL
                 AND y.indpred::text IS NOT DISTINCT FROM x.indpred::text
                 AND y.indnkeyatts >= x.indnkeyatts
                 AND y.indkey[0] = x.indkey[0]
                 AND (y.indkey::int2[])[0:x.indnkeyatts - 1] = (x.indkey::int2[])[0:x.indnkeyatts - 1]
                 AND (y.indclass::oid[])[0:x.indnkeyatts - 1] = (x.indclass::oid[])[0:x.indnkeyatts - 1]
                 AND (y.indcollation::oid[])[0:x.indnkeyatts - 1] = (x.indcollation::oid[])[0:x.indnkeyatts - 1]
                 AND y.indkey::int2[] @> x.indkey::int2[]
                 -- Both read forwards, or one of them backwards.
                 AND ((y.indoption::int2[])[0:x.indnkeyatts - 1] = (x.indoption::int2[])[0:x.indnkeyatts - 1]
                      OR (y.indoption::int2[])[0:x.indnkeyatts - 1]
                         = ARRAY(SELECT (option # 3)::int2
                                 FROM pg_catalog.unnest(x.indoption::int2[])
                                      WITH ORDINALITY AS backwards (option, place)
                                 ORDER BY place))
                 -- The sizes last: the server opens both indexes for them.
                 AND (SELECT s.of_y < s.of_x OR (s.of_y = s.of_x AND y.indexrelid > x.indexrelid)
                      FROM (SELECT pg_catalog.pg_relation_size(x.indexrelid) AS of_x,
                                   pg_catalog.pg_relation_size(y.indexrelid) AS of_y OFFSET 0) AS s)
           ) THEN 'eclipsed'
       END AS obstacle
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE t.relkind = 'r' AND t.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY x.indrelid, c.relname::text COLLATE "C"
