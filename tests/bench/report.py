"""What benchmarks came to: JSON to keep, a table to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.context import Result
from bench.machine import IDLE_MAX
from bench.measure import Comparison, Series


def write(folder: Path, about: dict[str, Any], results: list[Result], skipped: list[str]) -> Path:
    """Keep everything as JSON and the tables as Markdown; gives the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {"machine": about, "results": [r.row() for r in results], "skipped": skipped}
    text = json.dumps(rows, indent=2, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    readable = folder / "results.md"
    readable.write_text(markdown(about, results, skipped), encoding="utf-8")
    return readable


def markdown(about: dict[str, Any], results: list[Result], skipped: list[str]) -> str:
    """The machine, a table with a row a ratio, then each benchmark's other figures."""
    lines = [", ".join(f"{key}: {value}" for key, value in about.items()), ""]
    lines += [
        "| Benchmark | Side | n | min | median | max | ratio | target |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for comparison in result.comparisons:
            lines.append(_row(result.name, comparison.product, _ratio(comparison)))
        peers = {id(c.peer): c.peer for c in result.comparisons}
        lines += [_row(result.name, peer, "| |") for peer in peers.values()]
        lines += [_row(result.name, series, "| |") for series in result.told]
    for result in results:
        if result.facts:
            facts = json.dumps(result.facts, indent=2, ensure_ascii=False)
            lines += ["", f"{result.name}: {result.title}", "", "```json", facts, "```"]
    lines += [f"\nSKIPPED {text}" for text in skipped]
    return "\n".join(lines) + "\n"


def _row(name: str, series: Series, rest: str) -> str:
    others = max(series.others, default=0.0)
    # A figure that was taken while others used the machine says so.
    under_load = f" (others used {others:.0%} of the processors)" if others > IDLE_MAX else ""
    figures = f"{series.low:.2f} s | {series.median:.2f} s | {series.high:.2f} s"
    return f"| {name} | {series.name}{under_load} | {len(series.values)} | {figures} {rest}"


def _ratio(comparison: Comparison) -> str:
    against = f"{comparison.ratio:.2f} of {comparison.peer.name}"
    if comparison.target is None:
        return f"| {against} | |"
    met = "met" if comparison.is_met else "MISSED"
    return f"| {against} | ≤ {comparison.target} {met} |"
