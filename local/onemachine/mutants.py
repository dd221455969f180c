"""`make mutants`: cargo-mutants over the decision library, and the score.

What it does to which function is its own choice; `.cargo/mutants.toml` says of which files. The
guards are another list, chosen by hand: tests/mutants.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from onemachine import cargo_tools
from onemachine.paths import ROOT, STORE
from onemachine.provision import tool_environment

VERSION = "27.1.0"
PLACE = STORE / "cargo-mutants"
RESULTS = PLACE / "mutants.out"
# Building anew for each change is what takes the time.
QUICKER = {
    "CARGO_PROFILE_DEV_DEBUG": "false",
    "RUST_BACKTRACE": "0",
}
# A package's profile has no variable.
UNOPTIMISED = "--cargo-arg=--config=profile.dev.package.drill.opt-level=0"
LIBRARY = "--package=drill"


def main() -> int:
    """Run it with arguments of cargo-mutants; its exit code: 2 when a change went unnoticed."""
    try:
        program = cargo_tools.program("cargo-mutants", VERSION, "two minutes")
    except cargo_tools.NotInstalled as reason:
        print(f"SKIPPED mutants: {reason}")
        return 0
    PLACE.mkdir(parents=True, exist_ok=True)
    command = [str(program), "mutants", LIBRARY, UNOPTIMISED, "--output", str(PLACE), *sys.argv[1:]]
    code = subprocess.run(
        command, cwd=ROOT, env={**tool_environment(), **QUICKER}, check=False
    ).returncode
    print(score(RESULTS))
    return code


def score(results: Path) -> str:
    """How many of the changes that could be built were noticed."""
    counts = {name: _lines(results / f"{name}.txt") for name in ("caught", "timeout", "missed")}
    noticed, missed = counts["caught"] + counts["timeout"], counts["missed"]
    if not noticed + missed:
        return "nothing was tried"
    return f"{noticed} of {noticed + missed} noticed, {noticed / (noticed + missed):.1%}: {results}"


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
