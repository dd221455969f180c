"""How many checks and tests passed, failed and were skipped, and the one line that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;")


@dataclass(frozen=True)
class Counts:
    """Three numbers that add up."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def with_exit_code(self, code: int) -> Counts:
        """A program that failed without saying which of its tests did counts as one failure."""
        return self + Counts(failed=1) if code != 0 and self.failed == 0 else self


def read_line(text: str) -> Counts | None:
    """The counts that a line gives, if it is such a line."""
    found = LINE.match(text.strip())
    return Counts(*map(int, found.groups())) if found else None


def read_cargo_line(text: str) -> Counts | None:
    """The counts of one test binary, as cargo's test runner prints them."""
    found = CARGO.match(text)
    return Counts(*map(int, found.groups())) if found else None


def read_junit(report: Path) -> Counts:
    """The counts of a pytest run from its report; none when it did not get that far."""
    if not report.exists():
        return Counts()
    # The report is one that pytest just wrote for us.
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314
    total = Counts()
    for suite in suites:
        number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors")}
        failed, skipped = number["failures"] + number["errors"], int(suite.get("skipped", 0))
        total += Counts(number["tests"] - failed - skipped, failed, skipped)
    return total
