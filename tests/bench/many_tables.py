"""Ten thousand small tables: the time, the functions' memory, the limits of states."""

from __future__ import annotations

from onemachine.deployment import STEPS

from bench.context import Context, Result, command_seconds
from bench.dataset import DATABASE
from bench.measure import Comparison, in_turn
from bench.product import Measured

# Step Functions' limits (developer guide, "Quotas related to state machine executions").
STATE_MAX_BYTES = 256 * 1024
EVENTS_MAX = 25_000
# A statement a table.
COUNTS = """
SELECT format('SELECT count(*) FROM %s;', oid::regclass)
  FROM pg_class WHERE relkind = 'r' AND oid >= 16384 ORDER BY oid::regclass::text
"""
LEVELS = ("quick", "standard", "deep")


def compare(context: Context) -> Result:
    """Counting all of them; then whole nights of each level, for what they take of memory."""
    cluster = context.many_small_tables()
    cluster.start(context.run)
    script = context.run.dir / "count-all.sql"
    script.write_text(cluster.psql(COUNTS, DATABASE), encoding="utf-8")
    context.product.configure("quick")

    def product() -> float:
        return context.verified(context.product.checks(cluster))

    def psql() -> float:
        return command_seconds([*cluster.psql_command(DATABASE), "-f", str(script)])

    ours, theirs = in_turn([("product, level quick", product), ("one psql, a count each", psql)])
    nights = {}
    for level in LEVELS:
        context.product.configure(level)
        # The first has no baseline; the second is compared with the first.
        context.verified(context.product.night(cluster))
        measured = context.product.night(cluster)
        context.verified(measured)
        nights[level] = _limits(measured)
    cluster.stop()
    return Result(
        "many-tables",
        f"{context.tables:,} tables of a hundred rows, against one psql that counts each",
        [Comparison(ours, theirs)],
        facts={"nights": nights, "memory_limit_mib": {s.handler: s.memory_mib for s in STEPS}},
    )


def _limits(measured: Measured) -> dict[str, object]:
    """What a night took of Step Functions' limits and of memory; the limits are asserted."""
    tally = measured.tally
    assert tally.largest_bytes < STATE_MAX_BYTES, (tally.largest, tally.largest_bytes)
    assert tally.events < EVENTS_MAX, tally.events
    peaks = {name: round(peak / 2**20, 1) for name, peak in sorted(measured.peak_bytes.items())}
    for step in STEPS:
        assert peaks.get(step.handler, 0) < step.memory_mib, (step.handler, peaks)
    return {
        "seconds": round(measured.seconds, 1),
        "shards": measured.shards,
        "events": tally.events,
        "largest_state_bytes": tally.largest_bytes,
        "largest_state": tally.largest,
        "peak_mib": peaks,
        "slowest_s": measured.slowest(),
    }
