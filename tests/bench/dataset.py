"""The data that is measured on: made once, in `.local/bench` or where RESTORE_DRILL_BENCH says."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from onemachine import postgres
from onemachine.paths import STORE
from onemachine.processes import Run

from bench.cluster import READER, Cluster, Unavailable
from bench.damage import put_page_back

ROWS = 20_000_000
TABLES = 10_000
DATABASE = "courses"
TABLE = "public.courses_answer"
# What is loaded here is loaded once and read ever after: no log, no sync until the end.
LOADING = {
    "fsync": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "full_page_writes": "off",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "maintenance_work_mem": "1GB",
    "max_locks_per_transaction": "256",
}
# As large as a row of a table of answers is: 180 bytes on disk, 45 rows a page, 3.6 GB in all.
ONE_TABLE = """
BEGIN;
CREATE TABLE {table} (
    id bigint NOT NULL, submission_id bigint NOT NULL, question integer NOT NULL,
    created_at timestamptz NOT NULL, answer text NOT NULL
);
INSERT INTO {table}
SELECT n, (n - 1) / 20 + 1, (n - 1) % 20,
       timestamptz '2025-01-01' + n * interval '2 seconds',
       md5(n::text) || md5((-n)::text) || md5((n * 3)::text) || left(md5((n * 7)::text), 28)
  FROM generate_series(1, {rows}::bigint) AS n;
COMMIT;
ALTER TABLE {table} ADD PRIMARY KEY (id);
CREATE INDEX courses_answer_submission ON {table} (submission_id);
"""
# Ten schemas of equal size, each table with a key and a hundred rows.
MANY_TABLES = """
DO $$
BEGIN
    FOR s IN 0 .. 9 LOOP
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS tenant_%s', s);
    END LOOP;
    FOR t IN {first} .. {last} LOOP
        EXECUTE format(
            'CREATE TABLE tenant_%s.measurement_%s (id integer PRIMARY KEY, value text NOT NULL)',
            t % 10, lpad(t::text, 5, '0'));
        EXECUTE format(
            'INSERT INTO tenant_%s.measurement_%s '
            'SELECT n, md5(n::text) FROM generate_series(1, 100) n',
            t % 10, lpad(t::text, 5, '0'));
    END LOOP;
END $$
"""
TABLES_AT_ONCE = 250


def home() -> Path:
    """Where data sets are kept."""
    return Path(os.environ.get("RESTORE_DRILL_BENCH") or STORE / "bench")


def binaries() -> postgres.Binaries:
    """The machine's own PostgreSQL: those of npm lack the programs that are the peers."""
    own = postgres.system_installations()
    if not own:
        raise Unavailable("no PostgreSQL with psql, pg_dump and pg_amcheck: install postgresql")
    return max(own, key=lambda found: found.major)


def one_large_table(run: Run, rows: int) -> Cluster:
    """A table of so many rows with two indexes, vacuumed; the server isn't running."""
    loading = ONE_TABLE.format(table=TABLE, rows=rows)
    return _kept(run, f"rows-{rows}", lambda cluster: cluster.psql(loading, DATABASE))


def many_small_tables(run: Run, tables: int) -> Cluster:
    """So many tables of a hundred rows each, vacuumed; the server isn't running."""

    def load(cluster: Cluster) -> None:
        for first in range(0, tables, TABLES_AT_ONCE):
            last = min(first + TABLES_AT_ONCE, tables) - 1
            cluster.psql(MANY_TABLES.format(first=first, last=last), DATABASE)

    return _kept(run, f"tables-{tables}", load)


def _kept(run: Run, name: str, load: Callable[[Cluster], object]) -> Cluster:
    found = binaries()
    cluster = Cluster(home() / f"pg{found.major}-{name}", found)
    ready = cluster.home / "ready.json"
    if not ready.exists():
        began = time.monotonic()
        print(f"bench: make {name} once, in {cluster.home}", flush=True)
        _make(run, cluster, load)
        took = round(time.monotonic() - began)
        # Written last: a data set with this file is a whole one.
        ready.write_text(json.dumps({"took_s": took, "version": found.version}), encoding="utf-8")
        print(f"bench: {name} is made, {took} s", flush=True)
    put_page_back(cluster.home)
    return cluster


def _make(run: Run, cluster: Cluster, load: Callable[[Cluster], object]) -> None:
    cluster.make()
    cluster.start(run, LOADING)
    cluster.psql(f"CREATE DATABASE {DATABASE}")
    cluster.psql(f"CREATE ROLE {READER} LOGIN")
    cluster.psql(f"GRANT pg_read_all_data TO {READER}")
    load(cluster)
    cluster.psql("VACUUM (ANALYZE)", DATABASE)
    cluster.psql("CREATE EXTENSION amcheck", DATABASE)
    for function in ("verify_heapam", "bt_index_check(regclass, boolean)"):
        cluster.psql(f"GRANT EXECUTE ON FUNCTION {function} TO {READER}", DATABASE)
    cluster.psql("CHECKPOINT")
    cluster.stop()
    # The data were written without a sync; they are read for weeks.
    subprocess.run(["sync", "-f", str(cluster.data)], check=True)
