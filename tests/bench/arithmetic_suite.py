"""The harness's own arithmetic. No timing is asserted here or anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from onemachine.paths import ROOT

from bench import artifact_size, report
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
        **{"name": "a", "unit": "s", "n": 3, "min": 1.0, "median": 3.0, "max": 100.0},
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


def _kept(name: str, median: float, **more: Any) -> dict[str, Any]:
    series = Series(name, [median], unit="MB").row()
    row = {"name": name, "title": "a title", "comparisons": [], "told": [series], "facts": {}}
    return {**row, **more}


def a_run_of_one_benchmark_keeps_what_others_came_to() -> None:
    before = {"machine": {"cores": 2}, "results": [_kept("deep", 1.0), _kept("index", 2.0)]}
    again = _kept("index", 3.0, taken="today", machine={"cores": 8})
    document = report.merged(before, [again], ["heap-cold: no files"])
    rows = {row["name"]: row for row in document["results"]}
    assert rows["deep"]["told"][0]["median"] == 1.0
    assert (rows["deep"]["machine"], rows["index"]["machine"]) == ({"cores": 2}, {"cores": 8})
    assert (rows["deep"]["taken"], rows["index"]["taken"]) == ("at an unknown time", "today")
    assert document["skipped"] == ["heap-cold: no files"]
    text = report.markdown(document)
    assert "| index | index | 1 | 3.00 MB | 3.00 MB | 3.00 MB |" in text
    assert "deep: a title, at an unknown time; cores: 2" in text


def writing_again_during_a_run_keeps_the_time_of_what_was_measured_before() -> None:
    first = report.merged({}, [_kept("deep", 1.0, taken="at nine", machine={})], [])
    later = _kept("deep", 1.0, taken="at ten", machine={})
    assert report.merged(first, [later], [])["results"][0]["taken"] == "at nine"
    other = _kept("deep", 1.1, taken="at ten", machine={})
    assert report.merged(first, [other], [])["results"][0]["taken"] == "at ten"


def the_peer_of_the_artifact_has_no_choice_of_ours_left() -> None:
    text = artifact_size.with_defaults((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    assert "[profile.release]" not in text
    assert "[patch.crates-io]" not in text
    assert re.search(r'^aws-sdk-rds = "\d', text, re.MULTILINE)
    assert "release_max_level_info" not in text
    assert "[profile.dev]" in text
