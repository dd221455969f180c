"""What every benchmark is given, and what it gives back."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from onemachine.processes import Run, plain_environment

from bench import dataset, machine
from bench.cluster import Cluster, Unavailable
from bench.measure import Comparison, Series, timed
from bench.product import Measured, Product

# Less than this of a file in memory isn't warm.
WARM_MIN = 0.99
WARM_TRIES = 4


@dataclass
class Result:
    """What came of one benchmark."""

    name: str
    title: str
    comparisons: list[Comparison]
    # Figures beside those of the ratio: peers that are only told, sizes, memory.
    told: list[Series] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "name": self.name,
            "title": self.title,
            "comparisons": [comparison.row() for comparison in self.comparisons],
            "told": [series.row() for series in self.told],
            "facts": self.facts,
        }


@dataclass
class Context:
    """A run of benchmarks: sizes, where they run, the product."""

    run: Run
    rows: int
    tables: int
    profile: str
    # For work on the product: a drill that isn't verified is as good as any other.
    is_any_verdict: bool = False

    @cached_property
    def product(self) -> Product:
        return Product(self.run, self.profile)

    def one_large_table(self) -> Cluster:
        return dataset.one_large_table(self.run, self.rows)

    def many_small_tables(self) -> Cluster:
        return dataset.many_small_tables(self.run, self.tables)

    def verified(self, measured: Measured) -> float:
        """The seconds of a drill, if it came to the verdict that it had to come to."""
        if measured.verdict["verdict"] != "verified" and not self.is_any_verdict:
            alarms = [f for f in measured.verdict["findings"] if f["status"] != "passed"]
            raise Unavailable(f"the drill was not verified: {measured.verdict['summary']} {alarms}")
        return measured.seconds


def command_seconds(command: list[str]) -> float:
    """How long a program takes, its output thrown away; it has to succeed."""

    def run() -> None:
        answer = subprocess.run(
            command,
            env=plain_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {answer.stderr[-2000:]}")

    return timed(run)


def relation_files(cluster: Cluster, relations: list[str]) -> list[Any]:
    """The files of relations, all segments."""
    return [path for name in relations for path in cluster.files(name, dataset.DATABASE)]


def warm(files: list[Any]) -> None:
    """See to it that the files are in memory."""
    for _ in range(WARM_TRIES):
        share = machine.share_in_memory(files)
        if share >= WARM_MIN:
            return
        machine.bring_into_memory(files)
    raise Unavailable(f"only {share:.0%} of the files stay in memory")
