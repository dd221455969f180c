"""Brings the tools into the checkout: .venv from PyPI, .local/node_modules from npm, PostgreSQL.

Run by the machine's own Python, before there is a virtual environment: standard library only.
Writes to .venv and .local, nowhere else. Safe to repeat; a second run takes a fraction of a second.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from onemachine import prerequisites
from onemachine.paths import LOCAL, ROOT, STORE, VENV, venv_program

STAMP = STORE / "setup.stamp"
INPUTS = ("requirements.txt", "package.json", "package-lock.json", "postgres-pins.json")


class ProvisionError(Exception):
    """A step of setup failed; the text says which and what to do."""


def fingerprint() -> str:
    """Changes when setup would do something else: other pins, a moved checkout."""
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((LOCAL / name).read_bytes())
    # Programs in a virtual environment name its place in their first line.
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def provision() -> bool:
    """Do what is still to be done; False when there was nothing."""
    if _is_done():
        return False
    lines = prerequisites.missing()
    if lines:
        raise ProvisionError("\n".join(f"MISSING {line}" for line in lines))
    STORE.mkdir(exist_ok=True)
    with open(STORE / "setup.lock", "w", encoding="utf-8") as lock:
        # Two commands at once would take each other's tools away.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_done():
            return False
        STAMP.unlink(missing_ok=True)
        _python_packages()
        _node_packages()
        STAMP.write_text(fingerprint(), encoding="utf-8")
    return True


def _is_done() -> bool:
    if not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != fingerprint():
        return False
    # A virtual environment breaks when the Python that it is of is removed.
    return (VENV / "bin" / "python").exists() and (STORE / "node_modules").is_dir()


def _python_packages() -> None:
    # From scratch: pip leaves behind what a newer list no longer names.
    shutil.rmtree(VENV, ignore_errors=True)
    _run("make the virtual environment", [sys.executable, "-m", "venv", str(VENV)])
    _run(
        "install local/requirements.txt from PyPI",
        [
            venv_program("python"),
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-cache-dir", "--require-hashes", "--only-binary", ":all:"),
            *("-r", str(LOCAL / "requirements.txt")),
        ],
    )


def _node_packages() -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCAL / name, STORE / name)
    _run("install local/package-lock.json from npm", [*npm(), "ci"])


def npm() -> list[str]:
    """The virtual environment's npm, told to run no package's scripts."""
    return [venv_program("npm"), "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def npm_package(package: str, sha512: str, place: Path) -> Path:
    """The archive of a package, fetched into a place; its digest, in base64, has to be this one."""
    answer = subprocess.run(
        [*npm(), "pack", package, "--pack-destination", str(place)],
        cwd=place,
        env=tool_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    archives = list(place.glob("*.tgz"))
    if answer.returncode != 0 or not archives:
        raise ProvisionError(f"{answer.stderr.strip()}\nsetup could not fetch {package} from npm")
    digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if digest != sha512:
        raise ProvisionError(f"{package} is not the one whose digest is pinned")
    return archives[0]


def tool_environment() -> dict[str, str]:
    """The environment for tools: the virtual environment first, caches inside the checkout."""
    environment = dict(os.environ)
    cache = STORE / "cache"
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment["npm_config_cache"] = str(cache / "npm")
    environment["npm_config_update_notifier"] = "false"
    environment["XDG_CACHE_HOME"] = str(cache)
    environment["ZIG_GLOBAL_CACHE_DIR"] = str(cache / "zig")
    environment["ZIG_LOCAL_CACHE_DIR"] = str(cache / "zig")
    return environment


def _run(what: str, command: list[str], directory: Path = STORE) -> None:
    print(f"setup: {what}", flush=True)
    answer = subprocess.run(
        command,
        cwd=directory,
        env=tool_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        tail = "\n".join(answer.stdout.strip().splitlines()[-15:])
        raise ProvisionError(f"{tail}\nsetup could not {what}; the lines above say why")


def main() -> int:
    """Provision; say in one line what came of it when something did, or when asked."""
    try:
        news = provision()
        if news or "--report" in sys.argv:
            # Imported late, because it imports this module.
            from onemachine import postgres

            found = postgres.default_bin_dir()
            print(f"setup: ready; PostgreSQL {found.version} from {found.origin}")
    except ProvisionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
