"""`make test`: cargo's tests and pytest's, and the one line that adds them up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from onemachine import processes
from onemachine.counts import Counts, read_cargo_line, read_junit
from onemachine.paths import ROOT, STORE, venv_program
from onemachine.provision import tool_environment

REPORT = STORE / "pytest.xml"
# Suites side by side, each process with a local AWS of its own; a suite stays in one process.
# Lines instead of dots: with two at work a dot says neither what passed nor where.
TOGETHER = ("-n", "2", "--dist", "loadfile", "-v")
# What a person is given who ends the tests: fixtures take what they started with them.
END_MAX_S = 30


def main() -> int:
    """Run both, whatever comes of the first; non-zero when anything failed."""
    return guarded(lambda: _cargo() + suites(sys.argv[1:]))


def guarded(work: Callable[[], Counts]) -> int:
    """Do it and print what it counted; ended early by a signal it leaves nothing running."""
    # A shell's background jobs ignore it, and would pass that on to what has to hear it from us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with processes.signals_as_exit():
            total = work()
    except KeyboardInterrupt:
        print("\nended early", file=sys.stderr)
        return 128 + signal.SIGINT
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


def suites(arguments: list[str]) -> Counts:
    """All suites side by side; with arguments those that they name, one after the other."""
    REPORT.unlink(missing_ok=True)
    command = [venv_program("pytest"), "-c", "tests/pytest.ini", f"--junitxml={REPORT}"]
    code = _stream([*command, *(arguments or [*TOGETHER, "tests"])], lambda _line: None)
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
        # A group of its own, so that a signal to us alone ends its workers too.
        start_new_session=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            read(line)
        return process.wait()
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[str]) -> None:
    """Interrupt the program's group as Ctrl-C does, and make it end when it doesn't."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            # Read on: it may have more to say than a pipe holds.
            said, _ = process.communicate(timeout=END_MAX_S)
        except subprocess.TimeoutExpired:
            continue
        print(said, end="", flush=True)
        return


if __name__ == "__main__":
    sys.exit(main())
