"""Heap against indexes: the product against pg_amcheck, which misses a zeroed page."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from onemachine.processes import plain_environment

from bench.cluster import Cluster
from bench.context import Context, Result, command_seconds, relation_files, warm
from bench.damage import BLOCK, put_page_back, zero_page
from bench.dataset import DATABASE, TABLE
from bench.heap import INDEXES
from bench.machine import kept_in_memory
from bench.measure import Comparison, in_turn


def amcheck(cluster: Cluster) -> list[str]:
    """pg_amcheck of the table and its indexes, every row of the heap looked up in each index."""
    command = [cluster.program("pg_amcheck"), *cluster.connection(DATABASE)]
    return [*command, "--table", TABLE, "--heapallindexed", "--jobs=2"]


def compare(context: Context) -> Result:
    """The time of both on a good table; then what each says of one with a zeroed page."""
    cluster = context.one_large_table()
    cluster.start(context.run)
    files = relation_files(cluster, [TABLE, *INDEXES])
    context.product.configure("standard")

    def product() -> float:
        warm(files)
        return context.verified(context.product.checks(cluster))

    def peer() -> float:
        warm(files)
        return command_seconds(amcheck(cluster))

    sides = [("product, level standard", product), ("pg_amcheck --heapallindexed -j2", peer)]
    with kept_in_memory(files):
        ours, theirs = in_turn(sides)
    found = _with_a_zeroed_page(context, cluster, files[0])
    cluster.stop()
    return Result(
        "index",
        "Heap count and heap against every index, against pg_amcheck --heapallindexed",
        [Comparison(ours, theirs, 0.25)],
        facts=found,
    )


def _with_a_zeroed_page(context: Context, cluster: Cluster, file: Path) -> dict[str, Any]:
    """Zero a page in the middle of the heap, ask both, and put the page back."""
    cluster.stop()
    page = file.stat().st_size // BLOCK // 2
    zero_page(cluster.home, file, page)
    try:
        cluster.start(context.run)
        answer = subprocess.run(
            amcheck(cluster), env=plain_environment(), capture_output=True, text=True, check=False
        )
        drill = context.product.checks(cluster).verdict
    finally:
        cluster.stop()
        put_page_back(cluster.home)
    failed = [f for f in drill["findings"] if f["status"] == "failed"]
    return {
        "zeroed_page": page,
        "pg_amcheck_caught_it": answer.returncode != 0,
        "product_caught_it": drill["verdict"] == "rejected",
        "product_found": [f"{f['check']} {f['subject']}: {f['found']}"[:200] for f in failed[:4]],
    }
