"""The harness's own arithmetic. No timing is asserted here or anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.damage import BLOCK, put_page_back, zero_page
from bench.machine import share_in_memory
from bench.measure import RUNS, RUNS_LONG, Comparison, Series, in_turn, runs_for
from bench.states import Ended, Runner


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


TWICE = {
    "Both": {
        "Type": "Map",
        "Items": "{% $checks.shards %}",
        "ItemSelector": {"shard": "{% $states.context.Map.Item.Value %}", "again": True},
        "MaxConcurrency": "{% $checks.concurrency %}",
        "ItemProcessor": {
            "StartAt": "Measure",
            "States": {
                "Measure": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Arguments": {
                        "FunctionName": "${measure}",
                        "Payload": {"of": "{% $states.input.shard %}"},
                    },
                    "Output": "{% $states.result.Payload %}",
                    "Next": "More",
                },
                "More": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $states.input.more %}", "Next": "Measure"}],
                    "Default": "Done",
                },
                "Done": {"Type": "Pass", "End": True},
            },
        },
        "Assign": {"recorded": "{% $states.result %}"},
        "Next": "Judged",
    },
    "Judged": {"Type": "Fail", "Cause": "{% 'of ' & $string($count($recorded)) %}"},
}


def a_part_of_the_definition_is_run_and_its_events_and_sizes_are_counted() -> None:
    left = {4: 1, 7: 0}

    def measure(function: str, payload: Any) -> Any:
        assert function == "measure"
        of = payload["of"]
        left[of] -= 1
        return {"of": of, "shard": of, "more": left[of] >= 0, "text": "x" * of * 10}

    runner = Runner(measure)
    variables = {"checks": {"shards": [4, 7], "concurrency": 2}}
    runner.run(TWICE, "Both", "Judged", variables)
    assert [done["of"] for done in variables["recorded"]] == [4, 7]
    # A Map of two items: three Tasks in all, a Choice after each, a Pass each.
    assert runner.tally.events == 4 + 2 * 2 + 3 * 5 + 3 * 2 + 2 * 2
    assert runner.tally.largest in ("result of Both", "variable recorded of Both")
    assert 110 < runner.tally.largest_bytes < 300
    with pytest.raises(Ended, match="of 2"):
        runner.run(TWICE, "Judged", None, variables)


def a_zeroed_page_is_put_back(tmp_path: Path) -> None:
    heap = tmp_path / "heap"
    content = bytes(range(256)) * 3 * BLOCK
    heap.write_bytes(content[: 3 * BLOCK])
    zero_page(tmp_path, heap, 1)
    assert heap.read_bytes()[BLOCK : 2 * BLOCK] == bytes(BLOCK)
    put_page_back(tmp_path)
    assert heap.read_bytes() == content[: 3 * BLOCK]
    put_page_back(tmp_path)


def what_was_just_written_is_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(1 << 20))
    assert share_in_memory([file]) == 1.0
