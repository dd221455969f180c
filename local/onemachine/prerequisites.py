"""What a machine must have before setup: one clear line for each thing that is missing.

Runs under any Python 3.7 or newer, so that an old one gets a sentence and not a traceback.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys

from onemachine.paths import ROOT

PYTHON_AT_LEAST = (3, 10)  # what ministack asks for


def rust_at_least() -> tuple[int, ...]:
    """The workspace's own rust-version, so that it is stated once."""
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^rust-version = "([\d.]+)"', manifest, re.MULTILINE)
    return version_of(found.group(1)) if found else (1, 0)


def version_of(text: str) -> tuple[int, ...]:
    """The first dotted number in a program's answer."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found.group(0).split(".")) if found else (0,)


def missing() -> list[str]:
    """One line for each thing this machine lacks, with the way out."""
    return [line for line in (_python(), _venv(), *_rust(), _linker()) if line]


def _python() -> str | None:
    if sys.version_info >= PYTHON_AT_LEAST:
        return None
    wanted = ".".join(map(str, PYTHON_AT_LEAST))
    return (
        f"python3 is {sys.version.split()[0]}, {wanted} or newer is needed: "
        f"install one and run make PYTHON=python{wanted}"
    )


def _venv() -> str | None:
    # Debian splits both off into a package of its own.
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return None
    return "python3 can't make virtual environments: apt-get install python3-venv"


def _rust() -> list[str]:
    wanted = rust_at_least()
    text = ".".join(map(str, wanted))
    lines = []
    for program in ("cargo", "rustc"):
        if not shutil.which(program):
            lines.append(f"{program} is not there: install Rust {text} or newer, https://rustup.rs")
            continue
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            lines.append(f"{program} does not run: {answer.stderr.strip().splitlines()[0]}")
        elif version_of(answer.stdout) < wanted:
            lines.append(f"{answer.stdout.strip()} is too old: rustup update stable ({text})")
    return lines


def _linker() -> str | None:
    if shutil.which("cc"):
        return None
    return "cc is not there, Rust links with it: apt-get install build-essential"


def main() -> int:
    """Print what is missing; 0 when nothing is."""
    lines = missing()
    for line in lines:
        print(f"MISSING {line}", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
