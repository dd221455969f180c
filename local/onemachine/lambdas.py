"""Builds the zips that are deployed: target/lambda/control.zip and verify.zip.

The same binary always gives the same zip. Cargo decides what is out of date.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from onemachine.paths import LAMBDA_ZIPS, ROOT, TARGET, venv_program
from onemachine.provision import tool_environment

ARTIFACTS = ("control", "verify")
# The first moment that a zip can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)


def build(profile: str) -> int:
    """Build both artifacts and zip what changed; the build's exit code."""
    packages = [word for name in ARTIFACTS for word in ("--package", name)]
    if profile == "release":
        command = [venv_program("cargo-lambda"), "lambda", "build", "--release", *packages]
    elif profile == "debug":
        # Ten times faster to build and not what is deployed: for work on the functions.
        command = ["cargo", "build", *packages]
    else:
        print(f"PROFILE is {profile}, it can be release or debug", file=sys.stderr)
        return 2
    code = subprocess.run(command, cwd=ROOT, env=tool_environment(), check=False).returncode
    if code != 0:
        return code
    for name in ARTIFACTS:
        pack(_binary(name, profile), LAMBDA_ZIPS / f"{name}.zip", profile)
    return 0


def _binary(name: str, profile: str) -> Path:
    if profile == "release":
        return LAMBDA_ZIPS / name / "bootstrap"
    return TARGET / "debug" / name


def pack(binary: Path, archive: Path, profile: str) -> None:
    """Zip a binary as `bootstrap`, unless the archive already holds it."""
    content = binary.read_bytes()
    stamp = archive.with_suffix(".sha256")
    digest = hashlib.sha256(content).hexdigest()
    if archive.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        print(f"{archive.relative_to(ROOT)} is up to date")
        return
    entry = zipfile.ZipInfo("bootstrap", EPOCH)
    entry.external_attr = 0o100755 << 16
    # Packing a debug binary would take longer than what it saves on one machine.
    entry.compress_type = zipfile.ZIP_DEFLATED if profile == "release" else zipfile.ZIP_STORED
    LAMBDA_ZIPS.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w") as zipped:
        zipped.writestr(entry, content, compresslevel=9)
    unfinished.rename(archive)
    stamp.write_text(digest, encoding="utf-8")
    print(f"{archive.relative_to(ROOT)}: {archive.stat().st_size / 1e6:.1f} MB, {profile}")


if __name__ == "__main__":
    sys.exit(build(os.environ.get("PROFILE", "release")))
