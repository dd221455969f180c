-- The runs of blocks of a heap that hold no row, in order: first block, last block, and how many runs there are.
-- $1 is the table's quoted name, which also stands where it can't be a parameter, $2 the most runs that are
-- wanted. A scan of one block's rows ends at the first.
WITH block AS (
    SELECT number::bigint
    FROM pg_catalog.generate_series(
        0, pg_catalog.pg_relation_size($1::text::regclass) / pg_catalog.current_setting('block_size')::bigint - 1
    ) AS number
),
empty AS (
    SELECT b.number, b.number - row_number() OVER (ORDER BY b.number) AS run
    FROM block AS b
    WHERE (SELECT true
           FROM ONLY {table} AS held
           WHERE held.ctid >= pg_catalog.format('(%s,0)', b.number)::tid
             AND held.ctid < pg_catalog.format('(%s,0)', b.number + 1)::tid
           LIMIT 1) IS NULL
),
run AS (
    SELECT min(number) AS first, max(number) AS last
    FROM empty
    GROUP BY run
)
SELECT first, last, count(*) OVER () AS runs
FROM run
ORDER BY first
LIMIT $2
