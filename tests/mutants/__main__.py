"""`make mutants-guards`: each guard switched off in a copy of the project, and who notices."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from onemachine.paths import ROOT, STORE
from onemachine.provision import tool_environment

from mutants import guards
from mutants.guards import Guard

FOLDER = STORE / "mutants"
# The quick ones first; what they don't notice the others are asked about.
CHECKS = {
    "decisions": ["-p", "drill", "--lib", "--test", "decisions"],
    "drill": ["-p", "drill", "--lib", "--tests"],
    "simulation": ["-p", "simulation", "--tests"],
    "model": ["-p", "rotation-model", "--tests"],
}
# Building anew for each guard is what takes the time: no optimizer, nothing for a debugger.
QUICKER = [
    *("--config", "profile.dev.package.drill.opt-level=0"),
    *("--config", "profile.dev.debug=false"),
]
FAILED = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. FAILED", re.MULTILINE)
# A check that a guard's absence sends round in circles has noticed it as well.
SECONDS_MAX = 900


def main() -> int:
    """Switch off what is asked for, or all; non-zero when one goes unnoticed."""
    parser = argparse.ArgumentParser(prog="make mutants-guards", description=__doc__)
    parser.add_argument("words", nargs="*", help="only guards whose text has all of these words")
    words = parser.parse_args().words
    chosen = [g for g in guards.read() if all(w in f"{g.guard} {g.file}" for w in words)]
    problems = [problem for guard in chosen if (problem := guard.problem())]
    if problems:
        print("\n".join(problems))
        return 1
    tree = _copy(FOLDER / "tree")
    failing = _failing(tree, "drill")
    if failing is None or failing:
        print(f"with all guards on the checks must pass, and don't: {failing or 'no build'}")
        return 1
    lines, missed = [], 0
    for number, guard in enumerate(chosen, 1):
        began = time.monotonic()
        word, by = _switch_off(tree, guard)
        missed += word in {"MISSED", "NO BUILD"}
        line = f"| {word} | {guard.guard} | `{guard.file}` | {by} |"
        lines.append(line)
        print(f"{number}/{len(chosen)} {time.monotonic() - began:.0f} s {line}", flush=True)
    report = FOLDER / "guards.md"
    head = "| | What the guard keeps | Where | Noticed by |\n|---|---|---|---|\n"
    report.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(chosen)} guards, {missed} whose absence nobody noticed: {report}")
    return 1 if missed else 0


def _switch_off(tree: Path, guard: Guard) -> tuple[str, str]:
    """What came of a guard's absence, and who noticed it."""
    file = tree / guard.path
    whole = file.read_text(encoding="utf-8")
    file.write_text(guard.switched_off(tree), encoding="utf-8")
    try:
        for name in CHECKS:
            failing = _failing(tree, name)
            if failing is None:
                return "NO BUILD", "the source without it isn't Rust: mend the list"
            if failing:
                more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
                return "noticed", f"{name}: `{failing[0]}`{more}"
    finally:
        file.write_text(whole, encoding="utf-8")
    return "MISSED", "nobody"


def _failing(tree: Path, check: str) -> list[str] | None:
    """The names of the tests that fail; `None` when they can't be built."""
    command = ["cargo", "test", "--locked", "--quiet", "--no-fail-fast", *QUICKER, *CHECKS[check]]
    # Not the quiet form of the tests' own output: it has no names.
    command += ["--", "--format=pretty"]
    environment = {
        **tool_environment(),
        "CARGO_TARGET_DIR": str(FOLDER / "target"),
        # The guards say `if false`, which a warning must not stop.
        "RUSTFLAGS": "--cap-lints warn",
        "RUST_BACKTRACE": "0",
    }
    build = [*command[: command.index("--")], "--no-run"]
    if subprocess.run(
        build, cwd=tree, env=environment, check=False, capture_output=True
    ).returncode:
        return None
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env=environment,
            check=False,
            capture_output=True,
            timeout=SECONDS_MAX,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return [f"no end within {SECONDS_MAX} s"]
    names = FAILED.findall(done.stdout)
    return names or (["a check that ended early"] if done.returncode else [])


def _copy(tree: Path) -> Path:
    """The project's files as they are now, without what is built; times are kept for cargo."""
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, copy = ROOT / name, tree / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    # What an earlier run built without a guard is younger than the source: cargo must not take it.
    for path in {guard.path for guard in guards.read()}:
        (tree / path).touch()
    return tree


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
