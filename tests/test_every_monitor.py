"""What every monitor owes, whoever writes it; a new monitor is tested without an edit here."""

import ast
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.canary import events_of
from monitors.contract import Mode, Monitor
from monitors.digest import digest
from monitors.evaluate import Evaluation, Span
from monitors.harms import Harm
from monitors.registry import Table, contract_of, registry
from monitors.trial import canary_fires, trial
from orchestration.duck import score
from orchestration.manifests import content_digest

ROOT = Path(__file__).parent.parent
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
NOISE = 200
IDENTITY = ("entity", "window_start", "window_end", "subkey")
HEADINGS = ("## What it means", "## First three queries", "## False alarms", "## Who decides")
FORBIDDEN_IMPORTS = {"dagster", "duckdb", "os", "pathlib", "random", "socket", "sys", "time"}
FORBIDDEN_CALLS = ("collect", "now", "open", "read_", "scan_", "sink_", "today", "utcnow", "write_")
FOUND = registry()
ALL = list(FOUND.monitors.values())
# Look-backs end with their partition, and a day has one baseline: those are evaluated one by one.
SPLIT = [m for m in ALL if not m.activity and (m.every == "1h" or not m.baseline)]
MONOTONE = [m for m in ALL if m.monotone]
PYTHON = [m for m in ALL if m.sql is None]
Events = dict[str, pl.DataFrame]


def each(monitors: Sequence[Monitor]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("monitor", monitors, ids=[m.id for m in monitors])


def length(monitor: Monitor) -> timedelta:
    return HOUR if monitor.every == "1h" else DAY


def run(monitor: Monitor, events: Events, start: datetime, end: datetime) -> Evaluation:
    return trial(monitor, events, Span(start, end), runner=score)


def rows_of(monitor: Monitor, n: int = NOISE) -> Events:
    """The canary of nine o'clock, and `n` rows like it in other hours of two days, with gaps."""
    chance = random.Random(monitor.id)  # noqa: S311 - no secret
    product = "chat" if monitor.product == "platform" else monitor.product
    tables: Events = {}
    for name in {group.contract for group in monitor.canary}:
        contract = contract_of(name)
        start = START if monitor.every == "1d" else START + 9 * HOUR
        whole = [events_of(monitor.canary, contract, product=product, start=start)]
        groups = [group for group in monitor.canary if group.contract == name]
        required = {column.name for column in contract.all_columns if column.required}
        records = []
        for i in range(n):
            values = {
                key: value.format(i=chance.randrange(40)) if isinstance(value, str) else value
                for key, value in chance.choice(groups).values.items()
                if key in required or chance.random() > 0.1
            }
            if monitor.entity in values:
                values[monitor.entity] = chance.choice(("a", "b", "c"))
            time = START + timedelta(seconds=chance.randrange(2 * 86_400))
            if START + 9 * HOUR <= time < START + 10 * HOUR:
                time += HOUR  # that hour is the canary's, and silence is one too
            ids = {"event_id": f"noise-{i}", "occurred_at": time, "received_at": time}
            records.append({**ids, "product": product, **values})
        schema = {**contract.schema, **contract.text_schema}
        whole.append(pl.DataFrame(records, schema=schema, strict=False))
        tables[name] = pl.concat(whole)
    return tables


def test_no_monitor_file_is_broken() -> None:
    assert {name: broken.error for name, broken in FOUND.broken.items()} == {}
    assert len(ALL) >= 11


@each(ALL)
def test_no_events_give_no_findings(monitor: Monitor) -> None:
    found = run(monitor, {}, START, START + DAY)
    assert found.findings.is_empty()
    assert found.samples.is_empty()


@each(ALL)
def test_rows_of_nulls_survive_and_a_row_without_entity_is_nobodys(monitor: Monitor) -> None:
    names = {Table.parse(name).contract for name in monitor.reads} - {""}
    events = {}
    for name in names:
        contract = contract_of(name)
        required = {c.name: c.dtype for c in contract.all_columns if c.required}
        values = {
            column: pl.lit("x") if dtype == pl.String else pl.lit(1).cast(dtype)
            for column, dtype in required.items()
            if column not in {"occurred_at", "received_at"}
        }
        times = pl.DataFrame({"occurred_at": [START - DAY, START, START + HOUR]})
        events[name] = times.select(
            pl.col("occurred_at").cast(pl.Datetime("us", "UTC")).alias(column)
            if column in {"occurred_at", "received_at"}
            else values[column].alias(column)
            if column in values
            else pl.lit(None, dtype).alias(column)
            for column, dtype in {**contract.schema, **contract.text_schema}.items()
        )
    found = run(monitor, events, START, START + DAY)
    assert found.samples["entity"].null_count() == 0
    if monitor.entity not in {"product", "metric"}:
        assert found.findings.is_empty()


@each(ALL)
def test_its_canary_fires_at_any_hour(monitor: Monitor) -> None:
    days = (START, datetime(2028, 2, 29, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
    hours = (0, 9, 23) if monitor.every == "1h" else (0,)
    for day in days:
        for hour in hours:
            assert canary_fires(monitor, day + hour * HOUR, runner=score), (day, hour)


@each(ALL)
def test_order_and_chunks_of_rows_change_nothing(monitor: Monitor) -> None:
    events = rows_of(monitor)
    end = START + DAY
    first = run(monitor, events, START, end)
    backwards = {name: rows.reverse() for name, rows in events.items()}
    shuffled = {
        name: rows.sample(fraction=1.0, shuffle=True, seed=1) for name, rows in events.items()
    }
    chunked = {
        name: pl.concat([rows[i::3] for i in range(3)], rechunk=False)
        for name, rows in events.items()
    }
    assert chunked[monitor.canary[0].contract].n_chunks() == 3
    for same in (backwards, shuffled, chunked):
        assert run(monitor, same, START, end).findings.equals(first.findings)
        assert run(monitor, same, START, end).counts.equals(first.counts)


@each(ALL)
def test_evaluating_twice_gives_equal_content(monitor: Monitor) -> None:
    events = rows_of(monitor)
    start = START if monitor.every == "1d" else START + 9 * HOUR
    first, second = (run(monitor, events, start, start + length(monitor)) for _ in range(2))
    assert first.findings.height > 0
    assert content_digest(first.findings) == content_digest(second.findings)


@each(SPLIT)
def test_partitions_at_once_and_one_by_one_find_the_same(monitor: Monitor) -> None:
    events = rows_of(monitor)
    end = START + (DAY if monitor.every == "1h" else 2 * DAY)
    step = length(monitor)
    starts = [START + i * step for i in range((end - START) // step)]
    whole = run(monitor, events, START, end)
    parts = [run(monitor, events, start, start + step) for start in starts]
    findings = pl.concat([part.findings for part in parts]).sort(IDENTITY, nulls_last=True)
    samples = pl.concat([part.samples for part in parts]).sort(IDENTITY, nulls_last=True)
    assert findings.height > 0
    assert findings.equals(whole.findings)
    assert samples.equals(whole.samples)


@each(MONOTONE)
@settings(max_examples=20, deadline=None)
@given(kept=st.lists(st.booleans(), min_size=NOISE, max_size=NOISE))
def test_a_monotone_score_never_falls_as_rows_arrive(monitor: Monitor, kept: list[bool]) -> None:
    whole = rows_of(monitor)
    early = {
        name: rows.filter(pl.Series([*([True] * (rows.height - NOISE)), *kept]))
        for name, rows in whole.items()
    }
    before, after = (run(monitor, events, START, START + DAY).samples for events in (early, whole))
    both = before.join(after, on=IDENTITY, how="left", nulls_equal=True)
    assert before.height > 0
    assert both.filter(pl.col("score_right").fill_null(-1.0) < pl.col("score")).is_empty()


@each(ALL)
def test_evidence_holds_numbers_times_and_ids_only(monitor: Monitor) -> None:
    found = run(monitor, rows_of(monitor), START, START + DAY)
    texts = {
        name
        for evidence in found.findings["evidence"]
        for name, value in json.loads(evidence).items()
        if isinstance(value, str)
    }
    allowed = ("event_id", "product", "_at", "_id", "_hash", "_hour")
    assert [name for name in sorted(texts) if not name.endswith(allowed)] == []


@each(ALL)
def test_the_declaration_is_complete(monitor: Monitor) -> None:
    contracts = [contract_of(Table.parse(n).contract) for n in monitor.reads if n != "period"]
    assert all(monitor.entity in contract.schema for contract in contracts)
    assert isinstance(monitor.harm, Harm)
    assert monitor.owner == monitor.owner.lower().strip()
    assert all(author.isalnum() and author.islower() for author in monitor.authors)
    assert monitor.mode in {Mode.DRAFT, Mode.SHADOW}, "more than shadow is approved, not declared"
    assert monitor.near < monitor.threshold
    assert monitor.doc.splitlines()[0].endswith("."), "the first line is one whole sentence"
    for title in ("Threshold", "Misses", "False alarms"):
        assert len(monitor.section(title)) > 40, title


@each(ALL)
def test_its_runbook_tells_an_on_call_what_to_do(monitor: Monitor) -> None:
    assert monitor.runbook == f"docs/runbooks/{monitor.name}.md"
    text = (ROOT / monitor.runbook).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(HEADINGS)
    parts = text.split("## ")[1:]
    assert all(len(part.split("\n", 1)[1].strip()) > 20 for part in parts)
    assert text.count(";\n") >= 3
    assert f"monitor = '{monitor.name}'" in text


def file_of_tests(monitor: Monitor) -> ast.Module:
    path = ROOT / "tests" / "monitors" / monitor.product / f"test_{monitor.name}.py"
    return ast.parse(path.read_text(encoding="utf-8"))


@each(ALL)
def test_it_has_positive_negative_and_near_cases(monitor: Monitor) -> None:
    names = [node.name for node in file_of_tests(monitor).body if isinstance(node, ast.FunctionDef)]
    for beginning in ("test_fires_", "test_stays_quiet_", "test_nearly_"):
        assert any(name.startswith(beginning) for name in names), beginning


@each(ALL)
def test_its_code_is_that_of_its_version(monitor: Monitor) -> None:
    kept: dict[int, str] = next(
        ast.literal_eval(node.value)
        for node in file_of_tests(monitor).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DIGESTS"
    )
    assert max(kept) == monitor.version, "keep the digest of every version, newest last"
    assert kept[monitor.version] == digest(monitor), (
        f"'{monitor.id}' decides otherwise than version {monitor.version} did: raise its version "
        f"and add {{{monitor.version + 1}: ...}} to DIGESTS, so that measurements of the two are "
        f"kept apart. If version {monitor.version} never ran anywhere, replace its digest by "
        f"'{digest(monitor)}'."
    )


@each(PYTHON)
def test_its_file_touches_no_clock_no_disk_and_no_dagster(monitor: Monitor) -> None:
    tree = ast.parse(monitor.source.read_text(encoding="utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported & FORBIDDEN_IMPORTS == set()
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert [name for name in sorted(called) if name.startswith(FORBIDDEN_CALLS)] == []
