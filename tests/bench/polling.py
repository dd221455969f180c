"""Waiting for a restore: the waits that learn, against a look every 30 seconds."""

from __future__ import annotations

import math
import random
import statistics
import subprocess

from onemachine.paths import ROOT

from bench.context import Context, Result
from bench.measure import Comparison, Series

# The owner of the incident says "20 to 30 minutes": their middle, and the spread that leaves one
# night in a hundred outside. How restores of one source differ from night to night AWS doesn't say.
MIDDLE_S = math.sqrt(20 * 30) * 60
SPREAD = 0.08
# What is told beside it: steadier and less steady sources, and restores of other lengths.
OTHERS = [(MIDDLE_S, 0.03), (MIDDLE_S, 0.05), (MIDDLE_S, 0.1), (MIDDLE_S, 0.15), (MIDDLE_S, 0.2)]
OTHERS += [(600, SPREAD), (3600, SPREAD)]
# Each source begins knowing nothing.
SOURCES, NIGHTS = 200, 60
SEED = 20261121
TRANSITIONS_OF_A_LOOK = 3
# The targets, as parts of what the fixed poll takes.
LAG_MAX, TRANSITIONS_MAX = 0.6, 0.35
COMMAND = "cargo run --locked --quiet --package drill --example polling"


def compare(_context: Context) -> Result:
    """The lag until a replica is noticed, and the transitions until then; no clock is involved."""
    ours_lag, ours_looks, theirs_lag, theirs_looks = _simulated(MIDDLE_S, SPREAD)
    told = {}
    for middle_s, spread in OTHERS:
        lag, looks, fixed_lag, fixed_looks = _simulated(middle_s, spread)
        told[f"middle {middle_s:.0f} s, spread {spread}"] = {
            "lag": round(statistics.median(lag.values) / statistics.median(fixed_lag.values), 2),
            "transitions": round(looks.median / fixed_looks.median, 2),
        }
    return Result(
        "polling",
        f"lognormal restores with middle {MIDDLE_S:.0f} s and spread {SPREAD}, "
        f"{SOURCES} sources of {NIGHTS} nights, a mean a source",
        [
            Comparison(ours_lag, theirs_lag, LAG_MAX),
            Comparison(ours_looks, theirs_looks, TRANSITIONS_MAX),
        ],
        facts={"seed": SEED, "ratios of others": told},
    )


def _simulated(middle_s: float, spread: float) -> tuple[Series, Series, Series, Series]:
    """Lag and transitions of the product and of the fixed poll, a mean for each source."""
    dice = random.Random(f"{SEED} {middle_s} {spread}")  # noqa: S311, a benchmark's dice
    sources = [
        [middle_s * math.exp(dice.gauss(0, spread)) for _ in range(NIGHTS)] for _ in range(SOURCES)
    ]
    asked = "\n\n".join("\n".join(f"{night:.3f}" for night in nights) for nights in sources)
    answer = subprocess.run(
        COMMAND.split(), cwd=ROOT, input=asked, stdout=subprocess.PIPE, text=True, check=True
    )
    rows = [[float(figure) for figure in line.split()] for line in answer.stdout.splitlines()]
    assert len(rows) == SOURCES * NIGHTS, len(rows)
    of_sources = [rows[first : first + NIGHTS] for first in range(0, len(rows), NIGHTS)]

    def series(name: str, column: int, factor: int, unit: str) -> Series:
        means = [factor * statistics.mean(row[column] for row in rows) for rows in of_sources]
        return Series(name, means, unit=unit)

    fixed, looks = "a look every 30 s", TRANSITIONS_OF_A_LOOK
    return (
        series("learned waits, lag", 0, 1, "s"),
        series("learned waits, transitions", 1, looks, ""),
        series(f"{fixed}, lag", 2, 1, "s"),
        series(f"{fixed}, transitions", 3, looks, ""),
    )
