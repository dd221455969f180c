"""Level deep against the way by hand: a dump that reads every row, and pg_amcheck."""

from __future__ import annotations

from bench.context import Context, Result, command_seconds, relation_files, warm
from bench.dataset import DATABASE, TABLE
from bench.heap import INDEXES
from bench.index_check import amcheck
from bench.machine import kept_in_memory
from bench.measure import Comparison, in_turn


def compare(context: Context) -> Result:
    """The product's deepest level against `pg_dump > /dev/null` and then pg_amcheck."""
    cluster = context.one_large_table()
    cluster.start(context.run)
    files = relation_files(cluster, [TABLE, *INDEXES])
    context.product.configure("deep")

    def product() -> float:
        warm(files)
        return context.verified(context.product.checks(cluster))

    def by_hand() -> float:
        warm(files)
        dump = [cluster.program("pg_dump"), *cluster.connection(DATABASE)]
        return command_seconds(dump) + command_seconds(amcheck(cluster))

    peer = "pg_dump > /dev/null, then pg_amcheck --heapallindexed -j2"
    with kept_in_memory(files):
        series = in_turn([("product, level deep", product), (peer, by_hand)])
    cluster.stop()
    return Result(
        "deep",
        "Level deep, against a dump and pg_amcheck",
        [Comparison(series[0], series[1])],
    )
