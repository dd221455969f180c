"""Runs Terraform on a copy of the module, so that nothing of it stays in the checkout.

Where the AWS provider lies in an offline plugin folder, RESTORE_DRILL_TERRAFORM_PLUGINS names it;
otherwise `init` fetches it from the registry.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from onemachine.paths import ROOT, STORE

MODULE = ROOT / "infra"
PLUGINS = "RESTORE_DRILL_TERRAFORM_PLUGINS"
COPY = STORE / "infra"
# terraform test: mocks (1.7) whose values are known in the plan (1.11).
TEST_SINCE = (1, 11)


class Skipped(Exception):
    """The check can't be made here; the text says why, and how to get what is missing."""


class Failed(Exception):
    """Terraform said no; the text is what it said."""


@dataclass(frozen=True)
class Terraform:
    """The program, with the copy of the module that it works on."""

    program: str
    version: tuple[int, ...]
    copy: Path = COPY

    def run(self, *arguments: str, directory: Path | None = None, **variables: str) -> str:
        """What a command prints; `Failed` with it when the command fails."""
        answer = subprocess.run(
            [self.program, *arguments],
            cwd=directory or self.copy / "infra",
            env=environment() | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise Failed(f"terraform {' '.join(arguments)}\n{answer.stdout}")
        return answer.stdout

    def init(self, directory: Path | None = None, *options: str) -> None:
        """Make a directory ready; without its backend, unless the options say otherwise."""
        plugins = os.environ.get(PLUGINS)
        place = [f"-plugin-dir={plugins}"] if plugins else []
        chosen = options or ("-backend=false",)
        try:
            self.run("init", "-no-color", *chosen, *place, directory=directory)
        except Failed as error:
            if not plugins and "Failed to query available provider packages" in str(error):
                raise Skipped(
                    "the AWS provider can't be fetched from registry.terraform.io: where it lies"
                    f" in an offline plugin folder, set {PLUGINS} to that"
                ) from error
            raise


def find(copy: Path = COPY) -> Terraform:
    """Terraform with a fresh copy of the module; `Skipped` where it isn't installed."""
    program = shutil.which("terraform")
    if not program:
        raise Skipped(
            "terraform is not installed: https://developer.hashicorp.com/terraform/install"
            " has packages; 1.11 or newer runs all of it"
        )
    told = subprocess.run(
        [program, "version"], env=environment(), capture_output=True, text=True, check=False
    )
    found = re.search(r"v(\d+)\.(\d+)\.(\d+)", told.stdout)
    if not found:
        raise Skipped(f"{program} doesn't tell its version")
    _copy_module(copy)
    return Terraform(program, tuple(int(part) for part in found.groups()), copy)


def _copy_module(copy: Path) -> None:
    for name in ("infra", "statemachine"):
        shutil.rmtree(copy / name, ignore_errors=True)
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)


def environment() -> dict[str, str]:
    """The caller's environment, for Terraform without a person before it."""
    variables = dict(os.environ)
    variables |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}
    # A file that is named and isn't there makes every command complain.
    named = variables.get("TF_CLI_CONFIG_FILE")
    if named and not Path(named).exists():
        del variables["TF_CLI_CONFIG_FILE"]
    return variables
