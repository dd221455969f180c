#!/usr/bin/env python3
"""The linker of what is deployed: zig's, with two things that `zig cc` doesn't pass on.

Called by rustc in the place of `zig cc`, which it calls: that finds the C library and says how it
calls its linker. The linker is then called once more in the same way, and told:

- which functions resemble each other, so that they come to lie side by side. Deflate looks back
  32 KB in a program of megabytes, and finds more there;
- to leave the tables for unwinding out. Panics abort, so nothing reads them, and without names
  a backtrace would be numbers (docs/decisions/0019-artifacts.md).

Whatever else is linked on the way, such as build scripts, is `zig cc`'s alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What is linked so: the programs of Lambda's functions.
PROGRAMS = ("plan", "control", "verify")
SMALL = ["--bp-compression-sort=both", "--no-eh-frame-hdr", f"--script={HERE / 'discarded.ld'}"]
# How zig's own call begins where it is asked to show it.
_CALL = "ld.lld "


def main(arguments: list[str], environment: dict[str, str]) -> int:
    """Link as asked; what the linker ends with."""
    compiler = [path for name, path in environment.items() if _is_linker(name)]
    if len(compiler) != 1:
        print(f"cargo-lambda names {len(compiler)} linkers, not one", file=sys.stderr)
        return 2
    shown = subprocess.run(
        [compiler[0], *arguments],
        env={**environment, "ZIG_VERBOSE_LINK": "1"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if shown.returncode != 0 or _program(arguments) not in PROGRAMS:
        sys.stderr.write(shown.stderr)
        return shown.returncode
    # Shown with spaces between the words and nothing around them, so that it can't be repeated in a
    # folder that has one in its name. What zig linked is larger and does the same.
    if any(" " in word for word in (_output(arguments), str(HERE))):
        print("linked as zig does it: this folder has a space in its name", file=sys.stderr)
        return 0
    # The first time for a C library zig makes that too, and shows how.
    mine = f" -o {_output(arguments)} "
    lines = shown.stderr.splitlines()
    calls = [line for line in lines if line.startswith(_CALL) and mine in line]
    if len(calls) != 1:
        print(f"zig shows {len(calls)} calls of its linker for{mine}, not one", file=sys.stderr)
        return 2
    call = calls[0].split(" ")
    zig = Path(sys.executable).with_name("python-zig")
    return subprocess.run([str(zig), *call, *SMALL], env=environment, check=False).returncode


def _is_linker(name: str) -> bool:
    return name.startswith("CARGO_TARGET_") and name.endswith("_LINKER")


def _output(arguments: list[str]) -> str:
    return arguments[arguments.index("-o") + 1] if "-o" in arguments else ""


def _program(arguments: list[str]) -> str:
    """The crate's name: cargo's file has a digest behind it."""
    return Path(_output(arguments)).name.rpartition("-")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
