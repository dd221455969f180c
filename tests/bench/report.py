"""What benchmarks came to: JSON to keep, a table to read.

What was measured before stays until it is measured again: each benchmark has its own time and
machine, so that running one of them drops no other.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bench.context import Result
from bench.machine import IDLE_MAX

Row = dict[str, Any]


def write(folder: Path, about: Row, results: list[Result], skipped: list[str]) -> Path:
    """Keep everything as JSON and the tables as Markdown; gives the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "results.json"
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    taken = datetime.now(timezone.utc).isoformat(timespec="seconds")
    measured = [{**result.row(), "taken": taken, "machine": about} for result in results]
    document = merged(before, measured, skipped)
    unfinished = kept.with_suffix(".part")
    text = json.dumps(document, indent=2, ensure_ascii=False)
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.rename(kept)
    readable = folder / "results.md"
    readable.write_text(markdown(document), encoding="utf-8")
    return readable


def merged(before: Row, measured: list[Row], skipped: list[str]) -> Row:
    """What was kept, with what was measured now in its place; each benchmark once, by name."""
    # An older file has one machine for all, and no times.
    whole = {"taken": "at an unknown time", "machine": before.get("machine", {})}
    rows = {row["name"]: {**whole, **row} for row in before.get("results", [])}
    # Written again during a run: what an earlier benchmark of it came to keeps its time.
    rows |= {row["name"]: _first_time(row, rows.get(row["name"])) for row in measured}
    return {"results": list(rows.values()), "skipped": skipped}


def _first_time(row: Row, before: Row | None) -> Row:
    is_same = before and all(before[key] == row[key] for key in ("comparisons", "told", "facts"))
    return {**row, "taken": before["taken"]} if before and is_same else row


def markdown(document: Row) -> str:
    """A table with a row a ratio, when and where each was measured, and the other figures."""
    results = document["results"]
    lines = [
        "| Benchmark | Side | n | min | median | max | ratio | target |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        name, comparisons = result["name"], result["comparisons"]
        lines += [_row(name, one["product"], _ratio(one)) for one in comparisons]
        peers = {one["peer"]["name"]: one["peer"] for one in comparisons}
        lines += [_row(name, series, "| |") for series in [*peers.values(), *result["told"]]]
    for result in results:
        about = ", ".join(f"{key}: {value}" for key, value in result["machine"].items())
        lines += ["", f"{result['name']}: {result['title']}, {result['taken']}; {about}"]
        if result["facts"]:
            facts = json.dumps(result["facts"], indent=2, ensure_ascii=False)
            lines += ["", "```json", facts, "```"]
    lines += [f"\nSKIPPED {text}" for text in document["skipped"]]
    return "\n".join(lines) + "\n"


def _row(name: str, series: Row, rest: str) -> str:
    others = series.get("others", 0.0)
    # A figure that was taken while others used the machine says so.
    under_load = f" (others used {others:.0%} of the processors)" if others > IDLE_MAX else ""
    unit = series.get("unit", "s")
    unit = f" {unit}" if unit else ""
    figures = " | ".join(f"{series[key]:.2f}{unit}" for key in ("min", "median", "max"))
    return f"| {name} | {series['name']}{under_load} | {series['n']} | {figures} {rest}"


def _ratio(comparison: Row) -> str:
    against = f"{comparison['ratio']:.3f} of {comparison['peer']['name']}"
    if comparison["target"] is None:
        return f"| {against} | |"
    met = "met" if comparison["met"] else "MISSED"
    return f"| {against} | ≤ {comparison['target']} {met} |"
