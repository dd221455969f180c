"""The artifact against the same source with the SDK's default features and cargo's default profile.

The peer is a copy of the source without what decision 0019 did to it, built in a folder of its own,
once for each lock file. That takes minutes, so it runs when it is named only.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from onemachine.package import building, zips
from onemachine.paths import LAMBDA_ZIPS, ROOT, STORE

from bench.cluster import Unavailable
from bench.context import Context, Result
from bench.measure import Comparison, Series

TARGET = 0.4
FOLDER = STORE / "bench" / "artifact-size"


def compare(_: Context) -> Result:
    """The sizes, in millions of bytes. Deflated alike, as any zip program does."""
    ours = LAMBDA_ZIPS / "control" / "bootstrap"
    if not ours.exists():
        raise Unavailable("control isn't built: make lambdas")
    peer = _peer()
    program = ours.read_bytes()
    sizes = {
        "control, zip": _zipped(program, zips.quick),
        "control, zip by zopfli, as released": _zipped(program, zips.small),
        "control": len(program),
        "default, zip": peer["zip"],
        "default, stripped, zip": peer["stripped_zip"],
        "default": peer["bytes"],
    }
    series = {name: Series(name, [size / 1e6], unit="MB") for name, size in sizes.items()}
    return Result(
        "artifact-size",
        "control.zip against the SDK's default features and cargo's default profile",
        [
            Comparison(series["control, zip"], series["default, zip"], TARGET),
            Comparison(series["control, zip"], series["default, stripped, zip"]),
        ],
        told=[series[n] for n in ("control, zip by zopfli, as released", "control", "default")],
        facts={"architecture": building.of_this_machine().name, "peer": peer},
    )


def _zipped(program: bytes, deflate: zips.Deflate) -> int:
    return len(zips.zipped({"bootstrap": zips.Member(program, zips.PROGRAM)}, deflate))


def _peer() -> dict[str, Any]:
    """The peer's sizes, of this lock file; built where they aren't known."""
    lock = hashlib.sha256((ROOT / "Cargo.lock").read_bytes()).hexdigest()
    known = FOLDER / f"{lock[:16]}.json"
    if not known.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps(_built(FOLDER / "source", FOLDER / "target")), "utf-8")
    return json.loads(known.read_text("utf-8"))


def _built(source: Path, target: Path) -> dict[str, Any]:
    shutil.rmtree(source, ignore_errors=True)
    _copy(source)
    manifest = source / "Cargo.toml"
    manifest.write_text(with_defaults(manifest.read_text("utf-8")), "utf-8")
    triple = building.of_this_machine().lambda_target
    command = ["cargo", "build", "--release", "--package", "control", "--bin", "control"]
    command += ["--target", triple, "--target-dir", str(target)]
    try:
        # Not `--locked`: the default features need crates that the lock file doesn't have.
        answer = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise Unavailable(f"the peer isn't built: {answer.stderr[-500:]}")
        program = target / triple / "release" / "control"
        stripped = program.with_suffix(".stripped")
        subprocess.run(["strip", "-o", str(stripped), str(program)], check=True)
        contents = program.read_bytes(), stripped.read_bytes()
    finally:
        # A gigabyte that nobody needs again.
        shutil.rmtree(target, ignore_errors=True)
    return {
        "bytes": len(contents[0]),
        "zip": _zipped(contents[0], zips.quick),
        "stripped_bytes": len(contents[1]),
        "stripped_zip": _zipped(contents[1], zips.quick),
    }


def _copy(source: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)


def with_defaults(manifest: str) -> str:
    """The workspace's manifest as cargo and the SDK would have it: no profile, default features."""
    # One line each, in this workspace.
    sdk = re.compile(
        r"^((?:aws-sdk-\w+|aws-config|aws-smithy-http-client|lambda_runtime) = )"
        r'\{ version = ("[^"]+").*\}$',
        re.MULTILINE,
    )
    manifest = sdk.sub(r"\1\2", manifest)
    manifest = manifest.replace(', features = ["release_max_level_info"]', "")
    sections = re.split(r"^(?=\[)", manifest, flags=re.MULTILINE)
    dropped = ("[profile.release]", "[patch.crates-io]")
    return "".join(one for one in sections if not one.startswith(dropped))
