"""Storage that is slow on first touch: the product's readers against PostgreSQL's own workers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bench.cluster import Cluster, Unavailable
from bench.context import Context, Result, command_seconds, relation_files, warm
from bench.dataset import DATABASE, TABLE
from bench.heap import COUNT, HEAP_ONLY, INDEXES
from bench.machine import kept_in_memory
from bench.measure import Comparison, Series, in_turn

SHIM = Path(__file__).with_name("first_touch.c")
# Assumptions, no figures of AWS: see the shim.
WAIT_MS = 20
CHUNK_KIB = 512
STATE_BYTES = 16 << 20
READERS = (8, 16, 32)


class Storage:
    """The shim, and the file in which it remembers what was touched."""

    def __init__(self, context: Context) -> None:
        compiler = shutil.which("cc")
        if not compiler:
            raise Unavailable("there is no C compiler (cc) to build the shim with")
        self._context = context
        self._library = context.run.dir / "first_touch.so"
        self._state = context.run.dir / "first_touch.state"
        flags = ["-O2", "-shared", "-fPIC", "-o", str(self._library), str(SHIM), "-ldl"]
        subprocess.run([compiler, *flags], check=True)
        self._state.touch()
        # The server's user writes it.
        self._state.chmod(0o666)

    def start_untouched(self, cluster: Cluster) -> None:
        """Start the server on storage that nobody has touched since the restore."""
        cluster.stop()
        os.truncate(self._state, 0)
        os.truncate(self._state, STATE_BYTES)
        environment = {
            "LD_PRELOAD": str(self._library),
            "FIRST_TOUCH_STATE": str(self._state),
            "FIRST_TOUCH_MS": str(WAIT_MS),
            "FIRST_TOUCH_CHUNK_KIB": str(CHUNK_KIB),
        }
        cluster.start(self._context.run, environment=environment)


def compare(context: Context) -> Result:
    """The product with so many readers against psql's parallel count of the heap."""
    storage, cluster = Storage(context), context.one_large_table()
    cluster.start(context.run)
    files = relation_files(cluster, [TABLE, *INDEXES])
    context.product.configure("quick")

    def product(readers: int) -> float:
        warm(files)
        storage.start_untouched(cluster)
        measured = context.product.checks(cluster, {"readers_max": readers})
        return context.verified(measured)

    def psql(sql: str) -> float:
        warm(files)
        storage.start_untouched(cluster)
        return command_seconds([*cluster.psql_command(DATABASE), "-c", sql])

    sides = [(f"product, {n} readers", lambda n=n: product(n)) for n in READERS]
    sides.append(("psql's parallel count of the heap, defaults", lambda: psql(HEAP_ONLY + COUNT)))
    with kept_in_memory(files):
        *ours, theirs = in_turn(sides)
        index_only = Series("psql -c 'SELECT COUNT(*)', which reads an index only", [psql(COUNT)])
    cluster.stop()
    return Result(
        "first-touch",
        f"Storage that takes {WAIT_MS} ms for the first read of each {CHUNK_KIB} KiB (assumed)",
        [Comparison(one, theirs, 0.25) for one in ours],
        told=[index_only],
    )
