UPDATE pgbench_accounts SET abalance = abalance - 1 WHERE aid % 7 = 0;;
UPDATE pgbench_branches SET bbalance = bbalance + 1;;
UPDATE pgbench_tellers SET tbalance = tbalance + 1;;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
    SELECT g % 10 + 1, 1, g % 10000 + 1, g, timestamp '2026-11-20 02:00' + (g - 500) * interval '1 second'
    FROM generate_series(501, 540) AS g
