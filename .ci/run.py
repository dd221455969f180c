#!/usr/bin/env python3
"""What continuous integration runs: `make lint`, `make infra` and `make test`, and one line for all.

The suites of `make infra` are part of `make test`, so that here it makes its other checks alone.

The last line is `N passed, N failed, N skipped`; the exit code is not 0 when anything failed.
"""

import re
import subprocess
import sys
from pathlib import Path

COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
NAMES = ("passed", "failed", "skipped")
COMMANDS = (["lint"], ["infra", "ARGS=checks"], ["test"])


def run(arguments):
    """The counts of a target; one that fails without any has failed once."""
    process = subprocess.Popen(
        ["make", *arguments],
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    counts = None
    for line in process.stdout:
        print(line, end="", flush=True)
        found = COUNTS.match(line.strip())
        if found:
            counts = [int(number) for number in found.groups()]
    failed = process.wait() != 0
    counts = counts or [0, 0, 0]
    if failed and counts[1] == 0:
        counts[1] = 1
    return counts


def main():
    total = [sum(numbers) for numbers in zip(*map(run, COMMANDS))]
    print(", ".join("{} {}".format(number, name) for number, name in zip(total, NAMES)))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
