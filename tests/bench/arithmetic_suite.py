"""The harness's own arithmetic. No timing is asserted here or anywhere."""

from __future__ import annotations

import pytest

from bench.measure import RUNS, RUNS_LONG, Comparison, Series, in_turn, runs_for


def the_ratio_is_that_of_the_medians() -> None:
    compared = Comparison(Series("a", [3.0, 1.0, 100.0]), Series("b", [2.0, 4.0, 3.0]), 1.0)
    assert compared.ratio == 1.0
    assert compared.is_met
    assert compared.pairs() == pytest.approx([1.5, 0.25, 100 / 3])
    assert compared.row()["product"] | {"values": []} == {
        **{"name": "a", "n": 3, "min": 1.0, "median": 3.0, "max": 100.0},
        **{"values": [], "others": 0.0},
    }


def a_ratio_above_its_target_is_told_as_missed() -> None:
    compared = Comparison(Series("a", [1.26]), Series("b", [1.0]), 1.25)
    assert compared.row()["met"] is False


def the_sides_run_in_turn_after_a_warm_up_that_is_not_counted() -> None:
    order: list[str] = []

    def side(name: str, *seconds: float):  # noqa: ANN202
        left = list(seconds)

        def run() -> float:
            order.append(name)
            return left.pop(0)

        return name, run

    first, second = in_turn([side("a", 9.0, 1.0, 2.0), side("b", 9.0, 3.0, 4.0)], 2, lambda: 0.5)
    assert order == ["a", "b"] * 3
    assert (first.values, second.values) == ([1.0, 2.0], [3.0, 4.0])
    assert first.row()["others"] == 0.5


def a_figure_without_a_target_is_neither_met_nor_missed() -> None:
    assert Comparison(Series("a", [1.0]), Series("b", [1.0])).is_met is None


def long_runs_are_fewer() -> None:
    assert (runs_for(29.9), runs_for(30.0)) == (RUNS, RUNS_LONG)
