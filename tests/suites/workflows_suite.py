"""The workflows of GitHub Actions: few rights, pinned actions, and the project's own commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onemachine.paths import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _read(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def there_are_workflows_to_look_at() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def every_action_is_named_by_a_commit_and_its_version_beside_it(path: Path) -> None:
    named = [step["uses"] for step in _steps(_read(path)) if "uses" in step]
    assert named
    lines = path.read_text(encoding="utf-8")
    for action in named:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), action
        assert re.search(rf"{re.escape(action)} # v\d+\.\d+\.\d+$", lines, re.MULTILINE), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def a_workflow_has_no_right_that_a_job_does_not_name(path: Path) -> None:
    workflow = _read(path)
    # The one right that CI has is to read the source.
    assert workflow["permissions"] in ({}, {"contents": "read"})
    writes = {
        right
        for job in workflow["jobs"].values()
        for right, level in job.get("permissions", {}).items()
        if level == "write"
    }
    assert writes <= {"contents", "id-token", "attestations"}
    # YAML reads the key `on` as true.
    triggers = workflow[True]
    assert "pull_request_target" not in triggers
    assert not (writes and "pull_request" in triggers)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def no_expression_stands_inside_a_command(path: Path) -> None:
    """A tag's name in a shell's text would be run by it."""
    for step in _steps(_read(path)):
        assert "${{" not in step.get("run", ""), step["run"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def every_job_ends_and_keeps_no_token_in_the_checkout(path: Path) -> None:
    for job in _read(path)["jobs"].values():
        assert job["timeout-minutes"] <= 180
    for step in _steps(_read(path)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def the_commands_are_the_projects_own() -> None:
    commands = " ".join(s.get("run", "") for path in WORKFLOWS for s in _steps(_read(path)))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake (\w+)", commands):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for program in re.findall(r"(?:tests|\.ci)/[\w/.]+", commands):
        assert (ROOT / program).exists(), program


def release_and_ci_use_the_compiler_that_the_documentation_names() -> None:
    versions = {_read(path)["env"]["RUSTUP_TOOLCHAIN"] for path in WORKFLOWS}
    assert len(versions) == 1
    assert f"Rust {versions.pop()}" in (ROOT / "docs" / "release.md").read_text(encoding="utf-8")
