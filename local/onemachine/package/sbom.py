"""What is linked into an artifact, as CycloneDX, by the tool of that project (cargo-cyclonedx)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from onemachine.paths import ROOT, STORE
from onemachine.provision import tool_environment

VERSION = "0.5.9"
_ROOT = STORE / "cargo"
_PROGRAM = _ROOT / "bin" / "cargo-cyclonedx"


class SbomError(Exception):
    """There is no bill of materials; the text says why."""


def of(root: Path, package_folders: dict[str, Path], target: str) -> dict[str, bytes]:
    """A bill of materials for each package, as it is linked for the target.

    Without a serial number and a time: the same lock file gives the same bytes.
    """
    _install()
    base = f"restore-drill-sbom-{target}"
    command = [str(_PROGRAM), "cyclonedx", "--format", "json", "--spec-version", "1.5"]
    command += ["--target", target, "--no-build-deps", "--override-filename", base, "--quiet"]
    # Its files lie beside every Cargo.toml of the workspace; there is no way to ask for one.
    files = {name: root / folder / f"{base}.json" for name, folder in package_folders.items()}
    try:
        environment = {**tool_environment(), "SOURCE_DATE_EPOCH": "0"}
        answer = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            raise SbomError(answer.stderr.strip()[-1000:])
        read = {name: json.loads(path.read_text("utf-8")) for name, path in files.items()}
    finally:
        for folder in _members(root):
            (folder / f"{base}.json").unlink(missing_ok=True)
    return {name: _plain(document, root) for name, document in read.items()}


def _members(root: Path) -> list[Path]:
    """The folder of each package of the workspace."""
    command = "cargo metadata --locked --no-deps --format-version 1".split()
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [Path(one["manifest_path"]).parent for one in json.loads(answer.stdout)["packages"]]


def _plain(document: dict[str, Any], root: Path) -> bytes:
    """The document without what differs from build to build, and from machine to machine."""
    document.pop("serialNumber", None)
    document["metadata"].pop("timestamp", None)
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return (text.replace(f"file://{root}", "file://.").replace(str(root), ".") + "\n").encode()


def _install() -> None:
    if _PROGRAM.exists() and VERSION in _said(_PROGRAM):
        return
    print(f"installing cargo-cyclonedx {VERSION}, once: about two minutes", flush=True)
    scratch = STORE / "cache" / "cargo-cyclonedx"
    command = ["cargo", "install", "--quiet", "--locked", f"cargo-cyclonedx@{VERSION}"]
    # Not optimized: it runs for seconds and would build for minutes.
    command += ["--debug", "--root", str(_ROOT), "--target-dir", str(scratch)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    shutil.rmtree(scratch, ignore_errors=True)
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no word"])[-1]
        raise SbomError(f"cargo-cyclonedx did not install: {last}")


def _said(program: Path) -> str:
    command = [str(program), "cyclonedx", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
