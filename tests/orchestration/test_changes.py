import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitors.activity import Activity
from monitors.contract import Monitor
from monitors.evaluate import Span
from orchestration.changes import Reopened, changed_at, mark, raw_window, reopened
from orchestration.evaluation import Run, evaluate_span
from orchestration.inputs import PLATFORM
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR, starts
from orchestration.upkeep import build_activity, build_baseline, build_daily
from tests.support.lakes import at, files, put, span
from tests.support.monitors import (
    BY_ACCOUNT,
    USUAL,
    failed_logins,
    failed_logins_of_a_day,
    failures_in_a_day,
    named,
    sliding,
)

START = at("2026-03-02T00:00")
NOW = at("2026-03-04T00:00")
SEEN = at("2026-03-04T00:30")  # when the partitions were evaluated
LATER = at("2026-03-04T01:00")  # when rows came late


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def change(lake: Lake, hour: str | datetime, when: datetime, product: str = "accounts") -> None:
    """Mark an hour as changed at a time."""
    start = at(hour) if isinstance(hour, str) else hour
    mark(lake, "logins", product, [start])
    leaf = f"product={product}/date={start:%Y-%m-%d}/hour={start:%H}.json"
    os.utime(Path(lake.root, "changes/logins", leaf), (when.timestamp(), when.timestamp()))


def evaluated(lake: Lake, monitors: Iterable[Monitor], within: Span) -> None:
    for monitor in monitors:
        evaluate_span(Run(lake, SEEN), monitor, within)


def spans(found: list[Reopened]) -> dict[str, list[Span]]:
    names = {m.name for r in found for m in r.monitors}
    return {n: [r.span for r in found if n in {m.name for m in r.monitors}] for n in names}


TWO_DAYS = Span(START, START + 2 * DAY)


def test_late_rows_reopen_the_hours_whose_raw_window_holds_them(lake: Lake) -> None:
    monitors = [
        failed_logins,
        named(sliding(HOUR), "last_hour"),
        named(sliding(DAY), "last_day"),
        failures_in_a_day,
        failed_logins_of_a_day,
    ]
    evaluated(lake, monitors, TWO_DAYS)
    change(lake, "2026-03-02T10:00", LATER)
    assert spans(reopened(lake, monitors, now=NOW)) == {
        "failed_logins": [span("2026-03-02T10:00", "2026-03-02T11:00")],
        "last_hour": [span("2026-03-02T10:00", "2026-03-02T12:00")],
        "last_day": [span("2026-03-02T10:00", "2026-03-03T11:00")],
        "failures_in_a_day": [span("2026-03-02T10:00", "2026-03-02T11:00")],
        "failed_logins_of_a_day": [span("2026-03-02T00:00", "2026-03-03T00:00")],
    }


def test_monitors_that_reopen_the_same_hours_come_together(lake: Lake) -> None:
    monitors = [failed_logins, failures_in_a_day]
    evaluated(lake, monitors, TWO_DAYS)
    change(lake, "2026-03-02T10:00", LATER)
    change(lake, "2026-03-02T11:00", LATER)
    change(lake, "2026-03-03T05:00", LATER)
    assert reopened(lake, monitors, now=NOW) == [
        Reopened("accounts", "1h", span("2026-03-02T10:00", "2026-03-02T12:00"), tuple(monitors)),
        Reopened("accounts", "1h", span("2026-03-03T05:00", "2026-03-03T06:00"), tuple(monitors)),
    ]


def test_nothing_is_reopened_by_a_change_that_the_evaluation_saw(lake: Lake) -> None:
    evaluated(lake, [failed_logins], TWO_DAYS)
    moment = timedelta(milliseconds=1)
    change(lake, "2026-03-02T10:00", SEEN)
    assert reopened(lake, [failed_logins], now=NOW) == []
    change(lake, "2026-03-02T10:00", SEEN + moment)
    assert len(reopened(lake, [failed_logins], now=NOW)) == 1
    evaluate_span(
        Run(lake, SEEN + moment), failed_logins, span("2026-03-02T10:00", "2026-03-02T11:00")
    )
    assert reopened(lake, [failed_logins], now=NOW) == []


def test_an_hour_never_evaluated_is_not_reopened(lake: Lake) -> None:
    evaluated(lake, [sliding(DAY)], span("2026-03-02T12:00", "2026-03-02T14:00"))
    change(lake, "2026-03-02T10:00", LATER)
    assert spans(reopened(lake, [sliding(DAY)], now=NOW)) == {
        "failed_logins_sliding": [span("2026-03-02T12:00", "2026-03-02T14:00")]
    }


def test_a_partition_that_has_not_ended_is_not_reopened(lake: Lake) -> None:
    monitors = [failed_logins, failed_logins_of_a_day]
    evaluated(lake, monitors, TWO_DAYS)
    change(lake, "2026-03-02T10:00", LATER)
    assert reopened(lake, monitors, now=at("2026-03-02T10:59")) == []
    in_the_evening = reopened(lake, monitors, now=at("2026-03-02T23:00"))
    assert spans(in_the_evening) == {
        "failed_logins": [span("2026-03-02T10:00", "2026-03-02T11:00")]
    }


def test_what_is_older_than_48_hours_stays_closed(lake: Lake) -> None:
    evaluated(lake, [failed_logins], TWO_DAYS)
    change(lake, "2026-03-02T10:00", LATER)
    assert len(reopened(lake, [failed_logins], now=at("2026-03-04T10:30"))) == 1
    assert reopened(lake, [failed_logins], now=at("2026-03-04T11:00")) == []


def test_changes_of_another_product_reopen_only_the_platforms_monitors(lake: Lake) -> None:
    platform = named(failed_logins, "everywhere", product=PLATFORM)
    put(lake, "web", "logins", [{"occurred_at": at("2026-03-02T10:10"), "succeeded": True}])
    evaluated(lake, [failed_logins, platform], TWO_DAYS)
    change(lake, "2026-03-02T10:00", LATER, product="web")
    assert spans(reopened(lake, [failed_logins, platform], now=NOW)) == {
        "everywhere": [span("2026-03-02T10:00", "2026-03-02T11:00")]
    }


def test_changes_of_a_contract_the_monitor_does_not_read_reopen_nothing(lake: Lake) -> None:
    evaluated(lake, [failed_logins], TWO_DAYS)
    mark(lake, "signups", "accounts", starts(TWO_DAYS, "1h"))
    assert reopened(lake, [failed_logins], now=NOW) == []


def test_the_raw_window_reaches_back_for_events_and_not_for_aggregates() -> None:
    start = at("2026-03-02T10:00")
    assert raw_window(sliding(DAY), start) == span("2026-03-01T10:00", "2026-03-02T11:00")
    assert raw_window(failures_in_a_day, start) == span("2026-03-02T10:00", "2026-03-02T11:00")
    assert raw_window(failed_logins_of_a_day, START) == Span(START, START + DAY)


def test_a_mark_says_when_an_hour_last_changed(lake: Lake) -> None:
    assert changed_at(lake, "logins", "accounts", START) is None
    change(lake, START, SEEN)
    assert changed_at(lake, "logins", "accounts", START) == SEEN
    change(lake, START, LATER)
    assert changed_at(lake, "logins", "accounts", START) == LATER


def test_a_mark_drops_the_aggregates_made_from_its_hour_and_no_other(lake: Lake) -> None:
    other = Activity("signups", by=("ip",))
    failed = replace(BY_ACCOUNT, by=("ip",))
    for activity in (BY_ACCOUNT, failed, other):
        for product in ("accounts", "web"):
            build_activity(lake, activity, product, span("2026-03-02T09:00", "2026-03-02T11:00"))
            build_daily(lake, activity, product, START)
    build_baseline(lake, USUAL, "accounts", START + DAY)
    before = set(files(lake))
    mark(lake, "logins", "accounts", [at("2026-03-02T10:00")])
    assert before - set(files(lake)) == {
        f"{table}/product=accounts/date=2026-03-02/{leaf}"
        for name in ("logins_by_account_id", "logins_by_ip")
        for table, leaf in (
            (f"activity/{name}", "hour=10.parquet"),
            (f"activity_daily/{name}", "day.parquet"),
        )
    }


def test_a_mark_drops_a_roll_up_that_was_made_without_hourly_files(lake: Lake) -> None:
    build_daily(lake, BY_ACCOUNT, "accounts", START)
    mark(lake, "logins", "accounts", [at("2026-03-02T10:00")])
    assert files(lake) == ["changes/logins/product=accounts/date=2026-03-02/hour=10.json"]
