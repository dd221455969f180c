"""`make package`: the zips, the command line, a bill of materials and checksums, in target/package.

ARGS=arm64 or ARGS=x86_64 builds for one architecture. CA_BUNDLE=global-bundle.pem ships the
authorities of RDS that you downloaded from AWS in the place of those from npm.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from onemachine.package import authorities, building, sbom, zips
from onemachine.package.building import ARCHITECTURES, Architecture
from onemachine.paths import ROOT, TARGET

FOLDER = TARGET / "package"
# Which parts of the package; all, unless somebody asks for less.
PARTS = (*building.LAMBDAS, "cli", "sbom")
# `plan` is of the package of `control`.
PACKAGES = {
    "control": Path("functions/control"),
    "verify": Path("functions/verify"),
    "restore-drill": Path("cli"),
}


class PackageError(Exception):
    """There is no package; the text says what to do."""


def main() -> int:
    """Build what is asked for; non-zero, with a line that says why, when something is missing."""
    arguments = _arguments()
    chosen = [a for a in ARCHITECTURES if a.name in (arguments.architectures or _names())]
    try:
        _need_targets(chosen, arguments.parts)
        bundle, regions = authorities.bundle(arguments.ca_bundle, datetime.now(timezone.utc))
        print(f"authorities of RDS: {len(regions)} Regions: {', '.join(regions)}", flush=True)
        for architecture in chosen:
            _package(architecture, arguments.parts, bundle)
        _write_sums()
    except (PackageError, authorities.BundleError, sbom.SbomError, OSError) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file()):
        print(f"{path.stat().st_size:>10,}  {path.relative_to(ROOT)}")
    return 0


def _names() -> list[str]:
    return [architecture.name for architecture in ARCHITECTURES]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("architectures", nargs="*", help=", ".join(_names()))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    bundle = os.environ.get("CA_BUNDLE")
    parser.add_argument("--ca-bundle", type=Path, default=Path(bundle) if bundle else None)
    arguments = parser.parse_args()
    unknown = set(arguments.architectures) - set(_names())
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is none of {', '.join(_names())}")
    return arguments


def _need_targets(chosen: list[Architecture], parts: list[str]) -> None:
    targets = [a.lambda_target for a in chosen]
    if "cli" in parts:
        targets += [a.static_target for a in chosen]
    missing = building.missing_targets(targets)
    if missing:
        raise PackageError(f"rustup target add {' '.join(missing)}")


def _package(architecture: Architecture, parts: list[str], bundle: bytes) -> None:
    folder = FOLDER / architecture.name
    folder.mkdir(parents=True, exist_ok=True)
    beside = {"verify": {authorities.FILE: zips.Member(bundle)}}
    lambdas = tuple(name for name in building.LAMBDAS if name in parts)
    if lambdas:
        for name in lambdas:
            program = _built(name, building.lambda_command(architecture, name))
            members = {"bootstrap": program, **beside.get(name, {})}
            _write(folder / f"{name}.zip", zips.zipped(members, zips.small))
        # A release's files share one folder, in which there is one control.zip only.
        archives = {p.name: zips.Member(p.read_bytes()) for p in sorted(folder.glob("*.zip"))}
        name = f"restore-drill-lambdas-{architecture.name}"
        _write(FOLDER / f"{name}.tar", zips.tarred(name, archives))
    if "cli" in parts:
        program = _built("restore-drill", building.static_command(architecture))
        _write(FOLDER / f"{_cli_name(architecture)}.tar.gz", _command_line(architecture, program))
    if "sbom" in parts:
        for name, document in sbom.of(ROOT, PACKAGES, architecture.lambda_target).items():
            _write(FOLDER / f"{name}-{architecture.name}.cdx.json", document)


def _cli_name(architecture: Architecture) -> str:
    return f"restore-drill-{architecture.static_target}"


def _command_line(architecture: Architecture, program: zips.Member) -> bytes:
    members = {"restore-drill": program}
    members |= {n: zips.Member((ROOT / n).read_bytes()) for n in ("LICENSE-APACHE", "LICENSE-MIT")}
    return zips.gzipped(zips.tarred(_cli_name(architecture), members))


def _built(name: str, command: list[str]) -> zips.Member:
    """The program that a command of cargo-lambda makes, which moves it to where it is told."""
    binaries = FOLDER / ".binaries"
    command = [*command, "--lambda-dir", str(binaries)]
    answer = subprocess.run(command, cwd=ROOT, env=building.environment(), check=False)
    if answer.returncode != 0:
        raise PackageError(f"{' '.join(command[1:4])} ended with {answer.returncode}")
    program = zips.Member((binaries / name / "bootstrap").read_bytes(), zips.PROGRAM)
    shutil.rmtree(binaries)
    return program


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.rename(path)


def _write_sums() -> None:
    """`sha256sum --check SHA256SUMS` in the folder tells whether all arrived as it was made."""
    (FOLDER / "VERSION").write_text(_versions(), encoding="utf-8")
    files = sorted(p for p in FOLDER.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    digests = {p.relative_to(FOLDER): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    lines = [f"{digest}  {path}" for path, digest in digests.items()]
    (FOLDER / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _versions() -> str:
    """Of what was built and of what built it: with others the bytes are others."""
    said = {"restore-drill": _version()}
    for name, command in building.TOOLS.items():
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        said[name] = answer.stdout.split()[-1 if name == "zig" else 1]
    return "".join(f"{name} {version}\n" for name, version in said.items())


def _version() -> str:
    """The workspace's, which every package has."""
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    section = manifest.split("[workspace.package]")[1]
    return section.split('version = "')[1].split('"')[0]


if __name__ == "__main__":
    sys.exit(main())
