"""`make lint`: every check that needs no running machine. A tool that isn't there is a skip."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from onemachine import cargo_tools
from onemachine.counts import Counts
from onemachine.paths import LOCAL, ROOT, STATE_MACHINE, STORE, venv_program
from onemachine.provision import tool_environment

CARGO_DENY = "0.20.2"
PYTHON_DIRECTORIES = ("local", "tests")


class Skipped(Exception):
    """The check could not be made on this machine; the text says why."""


class Failed(Exception):
    """The check found something; it has printed what."""


def _run(command: list[str], **variables: str) -> None:
    answer = subprocess.run(command, cwd=ROOT, env={**tool_environment(), **variables}, check=False)
    if answer.returncode != 0:
        raise Failed


def _rust_formatting() -> None:
    _need_component("rustfmt")
    _run(["cargo", "fmt", "--all", "--check"])


def _clippy() -> None:
    _need_component("cargo-clippy")
    _run("cargo clippy --locked --workspace --all-targets -- -D warnings".split())


def _rustdoc() -> None:
    command = "cargo doc --locked --workspace --no-deps --document-private-items --quiet"
    _run(command.split(), RUSTDOCFLAGS="-D warnings")


def _need_component(program: str) -> None:
    if not shutil.which(program):
        name = program.removeprefix("cargo-")
        raise Skipped(f"{program} is not installed: rustup component add {name}")


def _dependency_policy() -> None:
    _run([*_cargo_deny(), "bans", "licenses", "sources"])


def _advisories() -> None:
    command = [*_cargo_deny(), "advisories"]
    answer = subprocess.run(
        command, cwd=ROOT, env=tool_environment(), capture_output=True, text=True, check=False
    )
    if "failed to fetch advisory database" in answer.stderr:
        raise Skipped("the advisory database (github.com/RustSec/advisory-db) can't be reached")
    print(answer.stdout + answer.stderr, end="")
    if answer.returncode != 0:
        raise Failed


def _cargo_deny() -> list[str]:
    if not (ROOT / "deny.toml").exists():
        raise Skipped("there is no deny.toml")
    try:
        program = cargo_tools.program("cargo-deny", CARGO_DENY, "a minute and a half")
    except cargo_tools.NotInstalled as reason:
        raise Skipped(str(reason)) from reason
    return [str(program), "--workspace", "check"]


def _state_machine() -> None:
    if not STATE_MACHINE.exists():
        raise Skipped("there is no statemachine/drill.asl.json")
    validator = STORE / "node_modules" / ".bin" / "asl-validator"
    _run([str(validator), "--json-path", str(STATE_MACHINE)])


def _python() -> None:
    configuration = ["--config", str(LOCAL / "ruff.toml"), "--quiet"]
    _run([venv_program("ruff"), "check", *configuration, *PYTHON_DIRECTORIES])
    _run([venv_program("ruff"), "format", "--check", *configuration, *PYTHON_DIRECTORIES])


CHECKS: dict[str, Callable[[], None]] = {
    "Rust formatting": _rust_formatting,
    "Python": _python,
    "state machine": _state_machine,
    "clippy": _clippy,
    "rustdoc": _rustdoc,
    "dependency policy": _dependency_policy,
    "advisories": _advisories,
}


def main() -> int:
    """Make every check, the cheap ones first, and say what came of each."""
    total, outcomes = Counts(), []
    for name, check in CHECKS.items():
        print(f"--- {name}", flush=True)
        began = time.monotonic()
        try:
            check()
            outcome, counts = f"passed   {name}", Counts(passed=1)
        except Failed:
            outcome, counts = f"FAILED   {name}", Counts(failed=1)
        except Skipped as reason:
            outcome, counts = f"SKIPPED  {name}: {reason}", Counts(skipped=1)
        total += counts
        outcomes.append(f"{outcome} ({time.monotonic() - began:.1f} s)")
    print("---", *outcomes, total, sep="\n")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
