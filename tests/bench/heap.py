"""Counting a large table by its heap: against reading the files, and against psql."""

from __future__ import annotations

from bench import machine
from bench.cluster import Cluster, Unavailable
from bench.context import Context, Result, command_seconds, relation_files, warm
from bench.dataset import DATABASE, TABLE
from bench.measure import Comparison, in_turn

COUNT = "SELECT COUNT(*) FROM public.courses_answer"
INDEXES = ["courses_answer_pkey", "courses_answer_submission"]
# PostgreSQL's own count as it is when it has to read what the product reads.
HEAP_ONLY = (
    "SET enable_indexonlyscan = off; SET enable_indexscan = off; SET enable_bitmapscan = off;"
)


def cold(context: Context) -> Result:
    """Nothing of the table is in memory: the product against `dd` of the same files."""
    way = machine.way_to_cold()
    if not way:
        raise Unavailable("files can't be put out of memory here")
    cluster = context.one_large_table()
    cluster.start(context.run)
    files = relation_files(cluster, [TABLE])
    context.product.configure("quick")

    def forget() -> None:
        # The server's own memory holds some of the table, too.
        cluster.stop()
        machine.put_out_of_memory(files)
        cluster.start(context.run)
        # What a Lambda or a server runs isn't what is measured.
        machine.bring_into_memory(context.product.binaries)
        _touch_catalogue(cluster)

    def product() -> float:
        forget()
        return context.verified(context.product.checks(cluster))

    def reading() -> float:
        forget()
        return sum(command_seconds(["dd", f"if={f}", "of=/dev/null", "bs=1M"]) for f in files)

    series = in_turn([("product, level quick", product), ("dd bs=1M of the heap's files", reading)])
    cluster.stop()
    size = sum(path.stat().st_size for path in files)
    return Result(
        "heap-cold",
        "Heap count, nothing in memory, against dd of the same files",
        [Comparison(series[0], series[1], 1.25)],
        facts={"heap_bytes": size, "cold_by": way},
    )


def _touch_catalogue(cluster: Cluster) -> None:
    cluster.psql("SELECT count(*) FROM pg_class, pg_namespace", DATABASE)


def in_memory(context: Context) -> Result:
    """All of the table is in memory: the product against psql's own count with its defaults."""
    cluster = context.one_large_table()
    cluster.start(context.run)
    files = relation_files(cluster, [TABLE, *INDEXES])
    context.product.configure("quick")

    def product() -> float:
        warm(files)
        return context.verified(context.product.checks(cluster))

    def psql(sql: str) -> float:
        warm(files)
        return command_seconds([*cluster.psql_command(DATABASE), "-c", sql])

    sides = [
        ("product, level quick", product),
        ("psql -c 'SELECT COUNT(*)', defaults", lambda: psql(COUNT)),
        ("psql, its count made to read the heap", lambda: psql(f"{HEAP_ONLY} {COUNT}")),
    ]
    with machine.kept_in_memory(files):
        ours, defaults, heap = in_turn(sides)
    plan = cluster.psql(f"EXPLAIN {COUNT}", DATABASE)
    cluster.stop()
    return Result(
        "heap-warm",
        "Heap count, all in memory, against psql's COUNT(*)",
        [Comparison(ours, defaults, 1.0), Comparison(ours, heap)],
        facts={"psql_reads": "index" if "Index Only Scan" in plan else "heap"},
    )
