"""`make bench`: the benchmarks, all or those that are named."""

from __future__ import annotations

import argparse
import os
import sys
import traceback

from onemachine.paths import STORE
from onemachine.processes import Run, signals_as_exit

from bench import (
    artifact_size,
    dataset,
    deep,
    heap,
    index_check,
    machine,
    many_tables,
    memory,
    polling,
    report,
    slow_storage,
    start_up,
)
from bench.cluster import Unavailable
from bench.context import Context, Result
from bench.product import PROFILES

BENCHMARKS = {
    "heap-cold": heap.cold,
    "heap-warm": heap.in_memory,
    "index": index_check.compare,
    "first-touch": slow_storage.compare,
    "many-tables": many_tables.compare,
    "deep": deep.compare,
    "polling": polling.compare,
    "start-up": start_up.compare,
    "memory": memory.compare,
    "artifact-size": artifact_size.compare,
}
# Another release build; only when it is named.
NOT_BY_ITSELF = {"artifact-size"}


def main() -> int:
    """Run what is asked for; non-zero when one broke, not when one is slow."""
    arguments = _arguments()
    results: list[Result] = []
    skipped: list[str] = []
    broken = 0
    about = {
        **machine.describe(dataset.binaries().version),
        "rows": arguments.rows,
        "tables": arguments.tables,
        "artifacts": arguments.profile,
        "processors in use at the beginning": f"{machine.busy_share(2):.0%}",
    }
    with signals_as_exit(), Run() as run:
        context = Context(
            run, arguments.rows, arguments.tables, arguments.profile, arguments.any_verdict
        )
        for name in arguments.names or [n for n in BENCHMARKS if n not in NOT_BY_ITSELF]:
            print(f"bench: {name}", flush=True)
            try:
                results.append(BENCHMARKS[name](context))
            except Unavailable as reason:
                skipped.append(f"{name}: {reason}")
            except Exception:
                broken += 1
                skipped.append(f"{name} BROKE: {traceback.format_exc()}")
            written = report.write(STORE / "bench", about, results, skipped)
    print(written.read_text(encoding="utf-8"))
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    environment = os.environ
    rows, tables = environment.get("ROWS"), environment.get("TABLES")
    parser.add_argument("--rows", type=int, default=int(rows or dataset.ROWS))
    parser.add_argument("--tables", type=int, default=int(tables or dataset.TABLES))
    parser.add_argument("--profile", choices=PROFILES, default=environment.get("PROFILE"))
    help_text = "take a drill's time whatever its verdict: for work on the product"
    parser.add_argument("--any-verdict", action="store_true", help=help_text)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}")
    arguments.profile = arguments.profile or PROFILES[0]
    return arguments


if __name__ == "__main__":
    sys.exit(main())
