"""Programs that cargo installs, each pinned, into .local/cargo: built on first use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from onemachine.paths import ROOT, STORE

PLACE = STORE / "cargo"


class NotInstalled(Exception):
    """The program could not be built; the text is cargo's last line."""


def program(name: str, version: str, minutes: str) -> Path:
    """The program of that version; builds it, unless it is there, in about so many minutes."""
    path = PLACE / "bin" / name
    if not _is_version(path, version):
        _install(name, version, minutes)
    return path


def _is_version(path: Path, version: str) -> bool:
    if not path.exists():
        return False
    # Cargo hands its subcommands their own name first.
    asked = [path, path.name.removeprefix("cargo-"), "--version"]
    answers = (
        subprocess.run(command, capture_output=True, text=True, check=False)
        for command in (asked, [path, "--version"])
    )
    return any(version in answer.stdout.split() for answer in answers)


def _install(name: str, version: str, minutes: str) -> None:
    print(f"installing {name} {version}, once: about {minutes}", flush=True)
    scratch = STORE / "cache" / name
    command = ["cargo", "install", "--quiet", "--locked", f"{name}@{version}"]
    # Not optimized: it runs for seconds and would build for minutes.
    command += ["--debug", "--root", str(PLACE), "--target-dir", str(scratch)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    shutil.rmtree(scratch, ignore_errors=True)
    if answer.returncode != 0:
        last = (answer.stderr.strip() or "cargo said nothing").splitlines()[-1]
        raise NotInstalled(f"{name} did not install: {last}")
