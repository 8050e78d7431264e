from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.contract import Monitor
from monitors.errors import MonitorError
from monitors.evaluate import Span
from orchestration.backtest import (
    BacktestError,
    changes,
    days_with_events,
    passes,
    per_day,
    run,
    sweep,
    thresholds,
)
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from tests.support.lakes import Row, at, files, put, span
from tests.support.monitors import (
    declare,
    failed_logins,
    failed_logins_of_a_day,
    failures_by,
    failures_in_a_day,
    in_sql,
    more_failures_than_usual,
    sliding,
)

TWO_DAYS = span("2026-03-02", "2026-03-04")


def failures(account: str, start: str, n: int) -> list[Row]:
    return [
        {
            "account_id": account,
            "occurred_at": at(start) + i * timedelta(minutes=1),
            "succeeded": False,
            "event_id": f"{account}-{start}-{i}",
        }
        for i in range(n)
    ]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Account a fails 5 times at 10 on Monday, b 2 times, c 3 times on Tuesday just past 0."""
    found = Lake(str(tmp_path / "lake"))
    successes: list[Row] = [
        {"account_id": "a", "occurred_at": at("2026-03-01T10:00"), "succeeded": True},
        {"account_id": "d", "occurred_at": at("2026-03-02T10:20"), "succeeded": True},
    ]
    rows = [
        *failures("a", "2026-03-02T10:00", 5),
        *failures("b", "2026-03-02T10:30", 2),
        *failures("c", "2026-03-03T00:10", 3),
        *successes,
    ]
    put(found, "accounts", "logins", rows)
    return found


def test_counts_findings_and_strata_of_each_day(lake: Lake) -> None:
    assert per_day(run(lake, failed_logins, TWO_DAYS)).rows(named=True) == [
        {"day": date(2026, 3, 2), "findings": 1, "entities": 1, "scored": 2, "near": 1, "null": 1},
        {"day": date(2026, 3, 3), "findings": 1, "entities": 1, "scored": 1, "near": 0, "null": 0},
    ]


def test_a_window_that_ends_at_midnight_counts_for_the_day_before(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    put(lake, "accounts", "logins", failures("a", "2026-03-02T23:10", 3))
    assert per_day(run(lake, failed_logins, TWO_DAYS))["findings"].to_list() == [1, 0]


def test_a_day_without_events_has_zeros(lake: Lake) -> None:
    found = per_day(run(lake, failed_logins, span("2026-03-04", "2026-03-05")))
    assert found.row(0) == (date(2026, 3, 4), 0, 0, 0, 0, 0)


def every_kind(folder: Path) -> list[Monitor]:
    return [
        failed_logins,
        failed_logins_of_a_day,
        sliding(timedelta(hours=6)),
        failures_in_a_day,
        more_failures_than_usual,
        in_sql(folder),
    ]


@pytest.mark.parametrize("kind", range(6))
@pytest.mark.parametrize("swept", [False, True])
def test_finds_what_an_evaluation_stores(
    lake: Lake, tmp_path: Path, kind: int, *, swept: bool
) -> None:
    monitor = every_kind(tmp_path)[kind]
    found = run(lake, monitor, TWO_DAYS, sweep=swept).findings
    evaluate_span(Run(lake, at("2026-03-05")), monitor, TWO_DAYS)
    paths = [p for p in files(lake) if p.startswith(f"findings/{monitor.name}/")]
    stored = pl.concat([pl.read_parquet(f"{lake.root}/{p}", glob=False) for p in paths])
    assert found.height > 0
    assert (
        found.sort("finding_id").drop("evidence").equals(stored.sort("finding_id").drop("evidence"))
    )


@pytest.mark.parametrize("swept", [False, True])
def test_writes_nothing(lake: Lake, tmp_path: Path, *, swept: bool) -> None:
    before = files(lake)
    for monitor in every_kind(tmp_path):
        run(lake, monitor, TWO_DAYS, sweep=swept)
    assert files(lake) == before


def test_steps_once_for_each_pass(lake: Lake) -> None:
    for monitor, wanted in ((failed_logins, 2), (failures_in_a_day, 48)):
        stepped: list[None] = []
        run(lake, monitor, TWO_DAYS, step=lambda: stepped.append(None))  # noqa: B023
        assert len(stepped) == passes(monitor, TWO_DAYS) == wanted


@pytest.mark.parametrize(
    ("monitor", "wrong"),
    [
        (failed_logins, span("2026-03-02T10:30", "2026-03-03")),
        (failed_logins, span("2026-03-02", "2026-03-03T00:00:01")),
        (failed_logins_of_a_day, span("2026-03-02T10:00", "2026-03-03")),
        (failed_logins, span("2026-03-03", "2026-03-03")),
        (failed_logins, span("2026-03-04", "2026-03-03")),
    ],
)
def test_refuses_a_span_that_is_no_partitions(lake: Lake, monitor: Monitor, wrong: Span) -> None:
    with pytest.raises(BacktestError, match=r"full hours|midnights|no time"):
        run(lake, monitor, wrong)


def test_an_error_of_the_monitor_is_raised(lake: Lake) -> None:
    @declare()
    def wordless(logins: pl.LazyFrame) -> pl.LazyFrame:
        return failures_by(logins, "1h").drop("score")

    with pytest.raises(MonitorError, match="returned no column"):
        run(lake, wordless, TWO_DAYS)


def test_knows_on_how_many_days_there_are_events_to_read(lake: Lake) -> None:
    assert days_with_events(lake, failed_logins, TWO_DAYS) == 2
    assert days_with_events(lake, failed_logins, span("2026-03-03", "2026-03-09")) == 1
    assert days_with_events(lake, failed_logins, span("2026-03-05", "2026-03-09")) == 0


def test_sweeps_findings_and_entities(lake: Lake) -> None:
    put(lake, "accounts", "logins", failures("a", "2026-03-03T12:00", 3))
    columns = ["threshold", "current", "findings", "entities", "findings_per_day", "share"]
    found = sweep(run(lake, failed_logins, TWO_DAYS, sweep=True))
    assert found.columns == columns
    assert found.rows() == [
        (5.0, False, 1, 1, 0.5, 0.25),
        (3.0, True, 3, 2, 1.5, 0.75),
        (2.0, False, 4, 3, 2.0, 1.0),
    ]


def test_the_sweep_at_the_declared_threshold_finds_what_the_backtest_finds(lake: Lake) -> None:
    found = run(lake, replace(failed_logins, threshold=4.0), TWO_DAYS, sweep=True)
    at_it = sweep(found).filter(pl.col("current"))
    assert at_it["findings"].to_list() == [found.findings.height] == [1]


def test_the_sweep_without_scores_has_the_declared_threshold_alone(lake: Lake) -> None:
    found = sweep(run(lake, failed_logins, span("2026-03-04", "2026-03-05"), sweep=True))
    assert found.row(0) == (3.0, True, 0, 0, 0.0, None)


def test_thresholds_lie_close_where_scores_are_high() -> None:
    scores = pl.Series("score", [float(i) for i in range(1, 1001)])
    found = thresholds(scores, declared=500.0, most=5)
    assert found == [1000.0, 991.0, 901.0, 500.0, 1.0]


@given(st.lists(st.integers(0, 40).map(float)), st.integers(3, 15))
def test_thresholds_are_few_different_scores_and_the_declared_one(
    scores: list[float], most: int
) -> None:
    found = thresholds(pl.Series("score", scores, dtype=pl.Float64), declared=7.5, most=most)
    assert set(found) <= {*scores, 7.5}
    assert 7.5 in found
    assert len(found) <= most
    assert found == sorted(set(found), reverse=True)
    if scores:
        assert max(scores) in found


Found = tuple[str, datetime, str | None, float]


def findings(*rows: Found) -> pl.DataFrame:
    records = [
        {
            "entity": entity,
            "window_start": start,
            "window_end": start + timedelta(hours=1),
            "subkey": subkey,
            "score": score,
        }
        for entity, start, subkey, score in rows
    ]
    time = pl.Datetime("us", "UTC")
    schema = {"entity": pl.String, "window_start": time, "window_end": time}
    return pl.DataFrame(records, schema={**schema, "subkey": pl.String, "score": pl.Float64})


NINE, TEN = at("2026-03-02T09:00"), at("2026-03-02T10:00")


def test_lists_what_was_added_removed_and_scored_otherwise() -> None:
    before = findings(("a", NINE, None, 3.0), ("b", NINE, None, 4.0), ("c", NINE, "x", 5.0))
    after = findings(("a", NINE, None, 3.0), ("b", NINE, None, 6.0), ("c", NINE, "y", 5.0))
    columns = ("change", "entity", "subkey", "score_before", "score_after")
    assert changes(before, after).select(columns).rows() == [
        ("added", "c", "y", None, 5.0),
        ("removed", "c", "x", 5.0, None),
        ("score", "b", None, 4.0, 6.0),
    ]


def test_another_window_is_another_finding() -> None:
    found = changes(findings(("a", NINE, None, 3.0)), findings(("a", TEN, None, 3.0)))
    assert found.select("change", "window_start").rows() == [("added", TEN), ("removed", NINE)]


def test_the_last_bits_of_a_float_are_no_change() -> None:
    before, after = findings(("a", NINE, None, 0.3)), findings(("a", NINE, None, 0.1 + 0.2))
    assert changes(before, after).is_empty()


FOUND = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from([NINE, TEN]),
    st.sampled_from([None, "", "x"]),
    st.integers(1, 3).map(float),
)
FINDINGS = st.lists(FOUND, unique_by=lambda found: found[:3])


@given(FINDINGS, st.randoms(use_true_random=False))
def test_the_same_findings_in_another_order_are_no_change(
    rows: list[Found], random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert changes(findings(*rows), findings(*shuffled)).is_empty()


@given(FINDINGS, FINDINGS)
def test_swapping_before_and_after_swaps_added_and_removed(
    before: list[Found], after: list[Found]
) -> None:
    there = changes(findings(*before), findings(*after))["change"].to_list()
    back = changes(findings(*after), findings(*before))["change"].to_list()
    assert there.count("added") == back.count("removed")
    assert there.count("removed") == back.count("added")
    assert there.count("score") == back.count("score")
