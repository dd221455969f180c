"""Builds the binaries that are deployed, so that the same source gives the same bytes anywhere.

`make lambdas` and `make package` build the same way, so that cargo makes each binary once for both.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from onemachine.package import linker
from onemachine.paths import ROOT, TARGET, venv_program
from onemachine.provision import tool_environment

# Amazon Linux 2023, which the functions' runtime is made of, has glibc 2.34 (AL2023 release notes).
GLIBC = "2.34"
LAMBDAS = linker.PROGRAMS
# What gives the bytes, besides the source and Cargo.lock.
TOOLS = {
    "rustc": ["rustc", "--version"],
    "cargo-lambda": [venv_program("cargo-lambda"), "lambda", "--version"],
    "zig": [venv_program("python-zig"), "version"],
}

# aws-lc brings the arithmetic of the curve 25519 twice for x86_64, for processors with and without
# ADX, with 200 KB of tables that no zip makes smaller. So told it takes the one in C, without any,
# for 40 microseconds a connection (docs/decisions/0019-artifacts.md).
_CURVES = {"x86_64-unknown-linux-gnu": " -DMY_ASSEMBLER_IS_TOO_OLD_FOR_ADX_AVX2"}


@dataclass(frozen=True)
class Architecture:
    """One that Lambda has, in the words of Lambda and of Rust."""

    name: str
    machine: str

    @property
    def lambda_target(self) -> str:
        """Linked against the C library that the runtime brings."""
        return f"{self.machine}-unknown-linux-gnu"

    @property
    def static_target(self) -> str:
        """Linked against no library of the machine that it runs on."""
        return f"{self.machine}-unknown-linux-musl"


ARCHITECTURES = (Architecture("arm64", "aarch64"), Architecture("x86_64", "x86_64"))


def of_this_machine() -> Architecture:
    """The architecture of the machine that builds."""
    machine = platform.machine()
    is_arm = machine in ("aarch64", "arm64")
    return ARCHITECTURES[0] if is_arm else ARCHITECTURES[1]


def missing_targets(targets: list[str]) -> list[str]:
    """Those of the targets whose standard library rustup didn't install."""
    command = ["rustc", "--print", "sysroot"]
    root = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return [t for t in targets if not (Path(root) / "lib" / "rustlib" / t / "lib").is_dir()]


def flags(root: Path, target_directory: Path, cargo_home: Path) -> list[str]:
    """What rustc is told beside the profile.

    No place of the building machine gets into the binary: it would tell who built it, and no other
    place would give the same bytes. And no tables for unwinding, which a process that aborts on
    panic never reads; the standard library's stay.
    """
    registry = cargo_home / "registry" / "src"
    # The last that fits is taken, so the outermost comes first.
    places = [
        (root, "."),
        (target_directory, "target"),
        (cargo_home, "cargo"),
        (registry, "crates"),
    ]
    remap = [f"--remap-path-prefix={place}={name}" for place, name in places]
    indices = sorted(registry.iterdir()) if registry.is_dir() else []
    remap += [f"--remap-path-prefix={index}=crates" for index in indices]
    # LLVM would gather on arm64 what functions share: less of a program, and more of a zip.
    return ["-Cforce-unwind-tables=no", "-Cllvm-args=-enable-machine-outliner=never", *remap]


def environment(root: Path = ROOT, target_directory: Path = TARGET) -> dict[str, str]:
    """For cargo and the compilers of C: the flags, and the time that nothing should ask for."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    rustflags = flags(root, target_directory, cargo_home)
    c_flags = "-fno-asynchronous-unwind-tables -fno-unwind-tables"
    c_flags += f" -ffile-prefix-map={cargo_home}=cargo -ffile-prefix-map={target_directory}=target"
    variables = {
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(rustflags),
        "CARGO_TARGET_DIR": str(target_directory),
        "SOURCE_DATE_EPOCH": "0",
    }
    for architecture in ARCHITECTURES:
        for target in (architecture.lambda_target, architecture.static_target):
            variables[f"CFLAGS_{target.replace('-', '_')}"] = c_flags + _CURVES.get(target, "")
    return {**tool_environment(), **variables}


def lambda_command(architecture: Architecture, program: str) -> list[str]:
    """How a program of functions is built, with zig as the linker, which `linker` calls.

    One at a time: cargo gives every crate the features that all chosen packages need together, so
    that what else is built would change the bytes, and `verify` would carry an HTTP/2 that it
    never speaks.
    """
    target = f"{architecture.lambda_target}.{GLIBC}"
    build = [venv_program("cargo-lambda"), "lambda", "build", "--release", "--locked"]
    called = f"target.{architecture.lambda_target}.linker={json.dumps(linker.__file__)}"
    chosen = ["--package", package_of(program), "--bin", program]
    return [*build, "--target", target, *chosen, "--config", called]


def package_of(program: str) -> str:
    """The package that a program is of: its own; the two outside the VPC share one."""
    return "control" if program == "plan" else program


def static_command(architecture: Architecture) -> list[str]:
    """How the command line is built, against musl, with zig as the linker as well."""
    build = [venv_program("cargo-lambda"), "lambda", "build", "--release", "--locked"]
    return [*build, "--target", architecture.static_target, "--package", "restore-drill"]
