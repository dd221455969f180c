"""`make test`: cargo's tests and pytest's, and the one line that adds them up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from onemachine.counts import Counts, read_cargo_line, read_junit
from onemachine.paths import ROOT, STORE, venv_program
from onemachine.provision import tool_environment

REPORT = STORE / "pytest.xml"


def main() -> int:
    """Run both, whatever comes of the first; non-zero when anything failed."""
    total = _cargo() + _pytest(sys.argv[1:])
    print(total)
    return 1 if total.failed else 0


def _cargo() -> Counts:
    counts = Counts()

    def read(line: str) -> None:
        nonlocal counts
        counts += read_cargo_line(line) or Counts()

    # The programs first: pytest runs them, and cargo test does not make all of them. With the
    # tests, so that dependencies are built once, with the features that both need.
    if _stream("cargo build --locked --workspace --bins --tests".split(), lambda _line: None):
        return Counts(failed=1)
    code = _stream(["cargo", "test", "--locked", "--workspace", "--no-fail-fast"], read)
    return counts.with_exit_code(code)


def _pytest(arguments: list[str]) -> Counts:
    REPORT.unlink(missing_ok=True)
    command = [venv_program("pytest"), "-c", "tests/pytest.ini", f"--junitxml={REPORT}"]
    code = _stream([*command, *(arguments or ["tests"])], lambda _line: None)
    if code == 5:  # no tests were collected
        return Counts()
    return read_junit(REPORT).with_exit_code(code)


def _stream(command: list[str], read: Callable[[str], None]) -> int:
    """Run a program, pass its output on line by line, and let `read` see each line."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=tool_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout
    for line in process.stdout:
        print(line, end="", flush=True)
        read(line)
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
