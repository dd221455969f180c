"""Checkov over the Terraform module: every finding mended, or skipped in place with its reason.

It has a virtual environment of its own in .local, made on first use: it pins packages that the
tools in .venv need newer, and weighs more than all of them. It reads files and calls nobody.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemachine.infra.terraform import MODULE, Failed, Skipped
from onemachine.paths import LOCAL, STORE

PINS = LOCAL / "checkov.txt"
PLACE = STORE / "checkov"
STAMP = PLACE / "pins.sha256"
# Shorter ones say that something is skipped, not why.
REASON_MIN = 40


@dataclass(frozen=True)
class Scan:
    """What a scan found."""

    passed: int
    findings: tuple[str, ...]
    # By check and resource, the reason in the file.
    skipped: dict[str, str]

    @property
    def unexplained(self) -> list[str]:
        """Skips that don't say why."""
        return [name for name, reason in self.skipped.items() if len(reason) < REASON_MIN]


def scan(directory: Path = MODULE) -> Scan:
    """Scan a folder; `Skipped` where checkov can't be fetched, `Failed` when it breaks."""
    answer = subprocess.run(
        [
            program(),
            *("--directory", str(directory), "--framework", "terraform", "--output", "json"),
            # Assertions on the plan are no resources.
            *("--skip-path", "tests", "--skip-download", "--soft-fail"),
        ],
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        said = json.loads(answer.stdout)
        return _read(said)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        tail = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-15:])
        raise Failed(f"checkov said nothing that can be read: {error!r}\n{tail}") from error


def check(directory: Path = MODULE) -> str:
    """Scan, and fail on a finding or on a skip without a reason; gives a line about it."""
    found = scan(directory)
    if found.findings:
        raise Failed("\n".join(["mend it, or skip it with its reason:", *found.findings]))
    if found.unexplained:
        raise Failed("\n".join(["skipped without a reason:", *found.unexplained]))
    if not found.passed:
        raise Failed("checkov checked nothing")
    return f"{found.passed} checks passed, {len(found.skipped)} skipped with a reason"


def _read(said: dict[str, Any]) -> Scan:
    results = said["results"]
    failed = [
        f"{one['check_id']} {one['resource']} {one['file_path']}: {one['check_name']}"
        for one in results["failed_checks"]
    ]
    errors = [f"{path}: can't be parsed" for path in results["parsing_errors"]]
    skipped = {
        f"{one['check_id']} {one['resource']}": one["check_result"].get("suppress_comment", "")
        for one in results["skipped_checks"]
    }
    return Scan(said["summary"]["passed"], tuple(sorted({*failed, *errors})), skipped)


def program() -> str:
    """Checkov's program, installed where it isn't; `Skipped` where it can't be fetched."""
    installed = PLACE / "bin" / "checkov"
    pins = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if not (installed.exists() and STAMP.exists() and STAMP.read_text("utf-8") == pins):
        _install()
        STAMP.write_text(pins, encoding="utf-8")
    return str(installed)


def _install() -> None:
    print("installing checkov, once: about a minute, 300 MB", flush=True)
    shutil.rmtree(PLACE, ignore_errors=True)
    pip = [str(PLACE / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    commands = (
        [sys.executable, "-m", "venv", str(PLACE)],
        [
            *pip,
            *("--disable-pip-version-check", "--no-cache-dir", "--require-hashes"),
            *("--only-binary", ":all:", "-r", str(PINS)),
        ],
    )
    for command in commands:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            last = (answer.stderr.strip().splitlines() or ["no word"])[-1]
            raise Skipped(f"checkov can't be fetched from PyPI: {last}")


def _environment() -> dict[str, str]:
    """Without anything that would make it call the platform of its vendor."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BC_", "PRISMA_"))}
    environment |= {"LOG_LEVEL": "ERROR", "XDG_CACHE_HOME": str(STORE / "cache")}
    return environment
