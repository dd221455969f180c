"""Builds the zips that are deployed, for this machine: plan, control and verify in target/lambda.

Made as `make package` makes them, but for the architecture of this machine only and deflated in
seconds; cargo decides what is out of date. verify.zip holds the authorities of RDS too, so that it
can be deployed; the one-machine AWS tells its functions of its own.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from onemachine.package import authorities, building, zips
from onemachine.paths import LAMBDA_ZIPS, ROOT, TARGET
from onemachine.provision import tool_environment

ARTIFACTS = building.LAMBDAS


def build(profile: str, ca_bundle: Path | None = None) -> int:
    """Build the artifacts and zip what changed; the build's exit code."""
    environment = tool_environment()
    if profile == "release":
        here = building.of_this_machine()
        commands = [building.lambda_command(here, name) for name in ARTIFACTS]
        environment = building.environment()
    elif profile == "debug":
        # Ten times faster to build and not what is deployed: for work on the functions.
        packages = sorted({building.package_of(name) for name in ARTIFACTS})
        commands = [["cargo", "build", *(w for name in packages for w in ("--package", name))]]
    else:
        print(f"PROFILE is {profile}, it can be release or debug", file=sys.stderr)
        return 2
    for command in commands:
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if code != 0:
            return code
    try:
        bundle, _ = authorities.bundle(ca_bundle, datetime.now(timezone.utc))
    except (OSError, authorities.BundleError) as error:
        print(f"the authorities of RDS: {error}", file=sys.stderr)
        return 1
    beside = {"verify": {authorities.FILE: zips.Member(bundle)}}
    for name in ARTIFACTS:
        archive = LAMBDA_ZIPS / f"{name}.zip"
        pack(_binary(name, profile), archive, profile, beside.get(name, {}))
    return 0


def _binary(name: str, profile: str) -> Path:
    if profile == "release":
        return LAMBDA_ZIPS / name / "bootstrap"
    return TARGET / "debug" / name


def pack(
    binary: Path, archive: Path, profile: str, beside: dict[str, zips.Member] | None = None
) -> None:
    """Zip a binary as `bootstrap` with the files beside it, unless that is there already."""
    members = {"bootstrap": zips.Member(binary.read_bytes(), zips.PROGRAM), **(beside or {})}
    stamp = archive.with_suffix(".sha256")
    digest = hashlib.sha256()
    for name, member in sorted(members.items()):
        digest.update(f"{name} {member.mode:o} {len(member.content)}\n".encode())
        digest.update(member.content)
    is_known = archive.exists() and stamp.exists()
    if is_known and stamp.read_text(encoding="utf-8") == digest.hexdigest():
        print(f"{archive.relative_to(ROOT)} is up to date")
        return
    LAMBDA_ZIPS.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".part")
    # Packing a debug binary would take longer than what it saves on one machine.
    deflate = zips.quick if profile == "release" else zips.stored
    unfinished.write_bytes(zips.zipped(members, deflate))
    unfinished.rename(archive)
    stamp.write_text(digest.hexdigest(), encoding="utf-8")
    print(f"{archive.relative_to(ROOT)}: {archive.stat().st_size / 1e6:.1f} MB, {profile}")


if __name__ == "__main__":
    chosen = os.environ.get("CA_BUNDLE")
    sys.exit(build(os.environ.get("PROFILE", "release"), Path(chosen) if chosen else None))
