"""The arithmetic of the benchmarks: runs in turn, and what is told of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.machine import busy_share

# Runs of each side: more where a run is short.
RUNS, RUNS_LONG = 5, 3
LONG_S = 30.0


@dataclass
class Series:
    """The figures of one side, in the order in which they were measured."""

    name: str
    values: list[float] = field(default_factory=list)
    # Which part of the processors somebody else used right before each run.
    others: list[float] = field(default_factory=list)
    # Seconds, unless what is compared is a number of something.
    unit: str = "s"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)

    def row(self) -> dict[str, Any]:
        """As it is kept."""
        figures = {"min": self.low, "median": self.median, "max": self.high}
        return {
            "name": self.name,
            "unit": self.unit,
            "n": len(self.values),
            **{key: round(value, 4) for key, value in figures.items()},
            "values": [round(value, 4) for value in self.values],
            "others": round(max(self.others, default=0.0), 2),
        }


@dataclass
class Comparison:
    """The product against a peer, and the most that the ratio of their medians is meant to be."""

    product: Series
    peer: Series
    # None where the figure is only told.
    target: float | None = None

    @property
    def ratio(self) -> float:
        return self.product.median / self.peer.median

    @property
    def is_met(self) -> bool | None:
        return None if self.target is None else self.ratio <= self.target

    def pairs(self) -> list[float]:
        """The ratio of each pair that was measured one after the other."""
        return [a / b for a, b in zip(self.product.values, self.peer.values, strict=True)]

    def row(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "product": self.product.row(),
            "peer": self.peer.row(),
            "ratio": round(self.ratio, 3),
            "pairs": [round(ratio, 3) for ratio in self.pairs()],
            "target": self.target,
            "met": self.is_met,
        }


Side = Callable[[], float]


def runs_for(longest_s: float) -> int:
    """How often each side runs, by how long the longer one takes."""
    return RUNS if longest_s < LONG_S else RUNS_LONG


def in_turn(
    sides: Sequence[tuple[str, Side]],
    runs: int | None = None,
    others: Callable[[], float] = busy_share,
) -> list[Series]:
    """Each side once to warm up, then in turn: A B C A B C …, so that a drift meets them all.

    A side prepares what it needs and returns its own seconds. Without `runs`, the warm-up says
    how many there are.
    """
    warm_up = [side() for _, side in sides]
    series = [Series(name) for name, _ in sides]
    for _ in range(runs or runs_for(max(warm_up))):
        for one, (_, side) in zip(series, sides, strict=True):
            one.others.append(others())
            one.values.append(side())
    return series


def timed(work: Callable[[], object]) -> float:
    """How many seconds it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
