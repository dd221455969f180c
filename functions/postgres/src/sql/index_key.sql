-- How a range of an index's first column is asked for ($1 schema, $2 table, $3 index): the column with the
-- index's collation, its type, and the operators of a half-open range of the index's own family. Only of a whole
-- B-tree: the rows of a partial one are counted in the heap as well, which isn't cut.
SELECT a.attname::text AS name,
       CASE WHEN l.oid IS NULL THEN '' ELSE pg_catalog.format(' COLLATE %I.%I', ln.nspname, l.collname) END AS collation,
       -- With no modifier: a bare "character" would be one of them.
       pg_catalog.format_type(a.atttypid, -1) AS type,
       pg_catalog.format('OPERATOR(%I.%s)', less_in.nspname, less.oprname) AS less,
       pg_catalog.format('OPERATOR(%I.%s)', not_less_in.nspname, not_less.oprname) AS not_less,
       a.attnotnull AS is_never_null
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
-- No arrays: an array of arrays, as their statistics would be, can't be read back. No composite types: IS NULL
-- asks for their fields.
JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid AND y.typcategory NOT IN ('A', 'C')
JOIN pg_catalog.pg_opclass AS oc ON oc.oid = i.indclass[0]
JOIN pg_catalog.pg_am AS m ON m.oid = oc.opcmethod AND m.amname = 'btree'
-- Strategies 1 and 4 of a B-tree are less, and greater or equal.
JOIN pg_catalog.pg_amop AS is_less
  ON is_less.amopfamily = oc.opcfamily AND is_less.amopstrategy = 1
 AND is_less.amoplefttype = oc.opcintype AND is_less.amoprighttype = oc.opcintype
JOIN pg_catalog.pg_operator AS less ON less.oid = is_less.amopopr
JOIN pg_catalog.pg_namespace AS less_in ON less_in.oid = less.oprnamespace
JOIN pg_catalog.pg_amop AS is_not_less
  ON is_not_less.amopfamily = oc.opcfamily AND is_not_less.amopstrategy = 4
 AND is_not_less.amoplefttype = oc.opcintype AND is_not_less.amoprighttype = oc.opcintype
JOIN pg_catalog.pg_operator AS not_less ON not_less.oid = is_not_less.amopopr
JOIN pg_catalog.pg_namespace AS not_less_in ON not_less_in.oid = not_less.oprnamespace
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = i.indcollation[0]
LEFT JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
WHERE n.nspname = $1::text AND t.relname = $2::text AND c.relname = $3::text AND i.indpred IS NULL
