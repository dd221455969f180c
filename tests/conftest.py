"""Which functions of a suite are tests: its own, not those that it imported."""

from __future__ import annotations

import inspect

import pytest


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """Leave out what a suite imported; suites name their tests as claims, without a prefix."""
    module = collector.getparent(pytest.Module)
    if inspect.isfunction(obj) and module and obj.__module__ != module.obj.__name__:
        return []
    return None
