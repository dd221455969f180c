-- The foreign key $3 of table $1.$2, a row a column, in the order of the key.
SELECT tn.nspname::text AS to_schema, t.relname::text AS to_table,
       a.attname::text AS column_name, ta.attname::text AS to_column,
       k.confmatchtype = 'f' AS is_full,
       coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::boolean, false) AS has_period,
       opn.nspname::text AS operator_schema, op.oprname::text AS operator
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS t ON t.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))
    WITH ORDINALITY AS part (attnum, to_attnum, operator, place)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = part.attnum
JOIN pg_catalog.pg_attribute AS ta ON ta.attrelid = t.oid AND ta.attnum = part.to_attnum
JOIN pg_catalog.pg_operator AS op ON op.oid = part.operator
JOIN pg_catalog.pg_namespace AS opn ON opn.oid = op.oprnamespace
WHERE k.contype = 'f' AND n.nspname = $1::text AND c.relname = $2::text AND k.conname = $3::text
ORDER BY part.place
