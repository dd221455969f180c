-- What `pgbench --initialize --foreign-keys` makes at scale 1 (PostgreSQL documentation, pgbench), with a
-- tenth of the accounts, and what some of its transactions leave.
CREATE TABLE pgbench_history (tid integer, bid integer, aid integer, delta integer, mtime timestamp, filler char(22));;
CREATE TABLE pgbench_tellers (tid integer NOT NULL, bid integer, tbalance integer, filler char(84)) WITH (fillfactor = 100);;
CREATE TABLE pgbench_accounts (aid integer NOT NULL, bid integer, abalance integer, filler char(84)) WITH (fillfactor = 100);;
CREATE TABLE pgbench_branches (bid integer NOT NULL, bbalance integer, filler char(88)) WITH (fillfactor = 100);;
INSERT INTO pgbench_branches SELECT 1, 0;;
INSERT INTO pgbench_tellers SELECT g, 1, 0 FROM generate_series(1, 10) AS g;;
INSERT INTO pgbench_accounts SELECT g, 1, 0, '' FROM generate_series(1, 10000) AS g;;
VACUUM ANALYZE pgbench_accounts;;
ALTER TABLE pgbench_branches ADD PRIMARY KEY (bid);;
ALTER TABLE pgbench_tellers ADD PRIMARY KEY (tid);;
ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid);;
ALTER TABLE pgbench_tellers ADD CONSTRAINT pgbench_tellers_bid_fkey FOREIGN KEY (bid) REFERENCES pgbench_branches;;
ALTER TABLE pgbench_accounts ADD CONSTRAINT pgbench_accounts_bid_fkey FOREIGN KEY (bid) REFERENCES pgbench_branches;;
ALTER TABLE pgbench_history ADD CONSTRAINT pgbench_history_tid_fkey FOREIGN KEY (tid) REFERENCES pgbench_tellers;;
ALTER TABLE pgbench_history ADD CONSTRAINT pgbench_history_aid_fkey FOREIGN KEY (aid) REFERENCES pgbench_accounts;;
UPDATE pgbench_accounts SET abalance = abalance + aid % 100 WHERE aid % 3 = 0;;
UPDATE pgbench_branches SET bbalance = 5;; UPDATE pgbench_branches SET bbalance = 6;;
UPDATE pgbench_tellers SET tbalance = tid;;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
    SELECT g % 10 + 1, 1, g % 10000 + 1, g, timestamp '2026-11-20 02:00' - (500 - g) * interval '1 second'
    FROM generate_series(1, 500) AS g
