-- How the rows of an index are asked for in its own order: its columns or expressions, those of ORDER BY that only
-- this order satisfies, and its predicate, as the server prints them. An operator of the index's own family
-- and its collation are named, as others sort otherwise. A predicate that is always true has no text.
SELECT i.indexrelid AS id,
       n.nspname::text AS schema,
       t.relname::text AS table,
       c.relname::text AS index,
       k.columns,
       k.included,
       k.ordering,
       nullif(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '') AS predicate
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
CROSS JOIN LATERAL (
    SELECT pg_catalog.array_agg(x.key ORDER BY p.place) AS columns,
           coalesce(pg_catalog.array_agg(x.key ORDER BY p.place)
                        FILTER (WHERE p.place >= i.indnkeyatts), '{}') AS included,
           pg_catalog.array_agg(pg_catalog.format(
               '%s%s USING OPERATOR(%I.%s) NULLS %s',
               x.key,
               CASE WHEN l.oid IS NOT NULL THEN pg_catalog.format(' COLLATE %I.%I', ln.nspname, l.collname) END,
               opn.nspname, o.oprname,
               CASE WHEN i.indoption[p.place] & 2 = 2 THEN 'FIRST' ELSE 'LAST' END
           ) ORDER BY p.place) FILTER (WHERE p.place < i.indnkeyatts) AS ordering
    FROM pg_catalog.generate_series(0, i.indnatts - 1) AS p (place)
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p.place] AND a.attnum <> 0
    CROSS JOIN LATERAL (SELECT coalesce(
        pg_catalog.quote_ident(a.attname),
        '(' || pg_catalog.pg_get_indexdef(i.indexrelid, p.place + 1, false) || ')') AS key) AS x
    -- Only what the index sorts by has a class; the server keeps no entry for what is included.
    LEFT JOIN pg_catalog.pg_opclass AS oc ON p.place < i.indnkeyatts AND oc.oid = i.indclass[p.place]
    -- Strategies 1 and 5 of a B-tree are less and greater; a descending column has option 1.
    LEFT JOIN pg_catalog.pg_amop AS ao
           ON ao.amopfamily = oc.opcfamily AND ao.amopmethod = oc.opcmethod
          AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
          AND ao.amopstrategy = CASE WHEN i.indoption[p.place] & 1 = 1 THEN 5 ELSE 1 END
    LEFT JOIN pg_catalog.pg_operator AS o ON o.oid = ao.amopopr
    LEFT JOIN pg_catalog.pg_namespace AS opn ON opn.oid = o.oprnamespace
    LEFT JOIN pg_catalog.pg_collation AS l ON p.place < i.indnkeyatts AND l.oid = i.indcollation[p.place]
    LEFT JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
) AS k
