"""The tooling's own claims: what a run starts it ends, and what it counts adds up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from onemachine import keeper, kept, lambdas, postgres
from onemachine.counts import Counts, read_cargo_line, read_junit, read_line
from onemachine.deployment import DefinitionError, Deployment
from onemachine.executions import drill_id, instant, stays
from onemachine.paths import LOCAL, STATE_MACHINE
from onemachine.processes import Run, StartError, plain_environment
from onemachine.provision import fingerprint

GONE_MAX_S = 15.0

# A run with one process; prints where it is and waits.
WAITING_RUN = """
import time
from onemachine.processes import Run
run = Run()
run.start("sleeper", ["sleep", "600"], {"PATH": "/usr/bin:/bin"})
print(run.dir, run.groups[0], flush=True)
time.sleep(600)
"""

# A suite whose test starts a process, writes where, and waits: of it there are two, side by side.
WAITING_SUITE = """
import time
from pathlib import Path
from onemachine import processes

def it_waits():
    with processes.signals_as_exit(), processes.Run() as run:
        run.start("sleeper", ["sleep", "600"], {"PATH": "/usr/bin:/bin"})
        told = Path(__file__).with_suffix(".part")
        told.write_text(f"{run.dir} {run.groups[0]}")
        told.rename(Path(__file__).with_suffix(".txt"))
        time.sleep(600)
"""
WAITING_TESTS = """
import sys
from pathlib import Path
from onemachine import testing
testing.REPORT = Path(sys.argv[1]) / "report.xml"
sys.exit(testing.guarded(lambda: testing.suites([*testing.TOGETHER, sys.argv[1]])))
"""

# Prints a line once it no longer ends when asked to.
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
time.sleep(600)
"""


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def killing_a_run_ends_what_it_started_and_removes_its_directory() -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", WAITING_RUN],
        env=plain_environment(PYTHONPATH=str(LOCAL)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout
    run_dir, group = killed.stdout.readline().split()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    deadline = time.monotonic() + GONE_MAX_S
    while (_alive(int(group)) or Path(run_dir).exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(int(group))
    assert not Path(run_dir).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def ending_the_tests_ends_what_both_workers_started(number: int, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}_suite.py").write_text(WAITING_SUITE)
    tests = subprocess.Popen(
        [sys.executable, "-c", WAITING_TESTS, str(tmp_path)],
        env=plain_environment(PYTHONPATH=str(LOCAL)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told = [tmp_path / "one_suite.txt", tmp_path / "two_suite.txt"]
    _until(lambda: all(path.exists() for path in told) or tests.poll() is not None)
    # To the one process alone: a terminal would tell the whole group.
    tests.send_signal(number)
    said, _ = tests.communicate(timeout=60)
    assert tests.returncode in (128 + number, -number), said
    started = [path.read_text().split() for path in told]
    _until(lambda: not any(_alive(int(group)) or Path(place).exists() for place, group in started))
    assert not any(_alive(int(group)) for _, group in started), said
    assert not any(Path(place).exists() for place, _ in started), said


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GONE_MAX_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)


def a_process_that_does_not_end_when_asked_is_made_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "GRACE_S", 0.2)
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout
    process.stdout.readline()
    keeper.end([process.pid], None)
    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()


def a_run_that_was_left_up_is_ended_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "RECORD", tmp_path / "kept.json")
    monkeypatch.setattr(kept, "VARIABLES", tmp_path / "kept.env")
    run = Run()
    process = run.start("sleeper", ["sleep", "600"], os.environ)

    kept.remember(SimpleNamespace(run=run, environment={"AWS_REGION": "eu-central-1"}))
    assert run.dir.exists()
    assert kept.end()
    assert process.wait(5) == -signal.SIGTERM
    assert not run.dir.exists()
    assert not kept.end()


def a_process_that_ends_before_it_is_ready_is_told_with_its_last_words() -> None:
    with Run() as run:
        process = run.start("mute", ["sh", "-c", "echo no port left >&2; exit 3"], os.environ)
        with pytest.raises(StartError, match=r"mute ended with 3\nno port left"):
            run.wait_until_ready("mute", process, lambda: False, 5)


def the_same_binary_gives_the_same_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambdas, "ROOT", tmp_path)
    binary = tmp_path / "bootstrap"
    binary.write_bytes(b"\x7fELF" * 1000)
    archives = []
    for name in ("one", "two"):
        archive = tmp_path / name / "control.zip"
        monkeypatch.setattr(lambdas, "LAMBDA_ZIPS", archive.parent)
        lambdas.pack(binary, archive, "release")
        archives.append(archive.read_bytes())
        with zipfile.ZipFile(archive) as zipped:
            assert zipped.getinfo("bootstrap").external_attr >> 16 == 0o100755
    assert archives[0] == archives[1]


def counts_of_cargo_and_pytest_add_up(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>'
    )
    cargo = read_cargo_line("test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured;")
    assert cargo == Counts(3, 1, 2)
    assert str(cargo + read_junit(report)) == "6 passed, 3 failed, 4 skipped"
    assert read_line("6 passed, 3 failed, 4 skipped\n") == Counts(6, 3, 4)


def a_failure_that_no_test_owns_counts_as_one() -> None:
    assert Counts(5).with_exit_code(101) == Counts(5, 1)
    assert Counts(5, 2).with_exit_code(101) == Counts(5, 2)


def every_state_of_the_definition_gets_its_function() -> None:
    definition = Deployment("blue").definition(STATE_MACHINE.read_text(encoding="utf-8"))
    assert "${" not in definition
    assert "function:restore-drill-blue-retire-previous" in definition


def a_definition_with_an_unknown_placeholder_is_refused() -> None:
    template = STATE_MACHINE.read_text(encoding="utf-8").replace("${run_check}", "${run_chekc}")
    with pytest.raises(DefinitionError, match="run_chekc"):
        Deployment().definition(template)


def a_drill_is_named_after_source_and_time() -> None:
    at = instant("2026-11-21T04:00:00+01:00")
    assert drill_id("courses-prod", at) == "courses-prod-20261121t030000z"


def setup_is_repeated_when_a_pin_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()
    for path in LOCAL.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr("onemachine.provision.LOCAL", tmp_path)
    assert fingerprint() == before
    (tmp_path / "requirements.txt").write_text("ruff==0\n")
    assert fingerprint() != before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def a_server_of_root_gets_binaries_that_its_user_can_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "postgres").touch()
    closed.chmod(0o700)
    found = postgres.Binaries(closed / "bin", "17.10", "npm")
    with Run() as run:
        copied = postgres.reachable(found, run.dir)
        assert copied.bin_dir.is_relative_to(run.dir)
        assert (copied.bin_dir / "postgres").exists()


def a_loop_of_looks_is_one_line_that_begins_with_its_wait() -> None:
    at = instant("2026-11-21T03:00:00Z")
    loop = [("Wait", "WaitForReplica"), ("Task", "ObserveReplica"), ("Choice", "GoalReached")]
    events = _history(at, [("Task", "RestoreReplica"), *loop, *loop, ("Task", "PlanChecks")])
    lines = [(stay.state, stay.looks, stay.seconds(at)) for stay in stays(events)]
    assert lines == [("RestoreReplica", 1, 1), ("ObserveReplica", 2, 9), ("PlanChecks", 1, 1)]


def _history(at: datetime, states: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """A history in which each state takes a second and the next is entered another one later."""
    events = []
    for number, (kind, name) in enumerate(states):
        for offset, word, details in ((0, "Entered", "stateEntered"), (1, "Exited", "stateExited")):
            event = {
                "type": f"{kind}State{word}",
                "timestamp": at + timedelta(seconds=2 * number + offset),
                f"{details}EventDetails": {"name": name},
            }
            events.append(event)
    return events
