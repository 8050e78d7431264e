from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.activity import Activity, Baseline
from monitors.evaluate import Span
from orchestration.inputs import ACTIVITY, DAILY, PLATFORM, Inputs
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import activities_of, build_activity, build_baseline, build_daily
from tests.support.lakes import at, put, span
from tests.support.monitors import BY_ACCOUNT, USUAL, declare, failures_in_a_day, sliding

START = at("2026-03-02T00:00")
BY_HOUR = replace(BY_ACCOUNT, hourly=True)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def login(
    time: str | datetime, account: str | None = "a", *, ok: bool = False
) -> dict[str, object]:
    moment = at(time) if isinstance(time, str) else time
    return {"occurred_at": moment, "account_id": account, "succeeded": ok}


def activity(lake: Lake, declared: Activity, within: Span) -> pl.DataFrame:
    found = Inputs(lake, "accounts").activity(declared, within).collect()
    return found.sort("hour", "account_id", "hours")


def forget(lake: Lake, table: str) -> None:
    for path in Path(lake.root, table).rglob("*.parquet"):
        path.unlink()


accounts = st.sampled_from(["a", "b", None])
quarters = st.one_of(st.sampled_from([0, 96, 192]), st.integers(0, 192))  # midnights often
logins = st.lists(st.tuples(st.integers(0, 48 * 60 - 1), accounts, st.booleans()), max_size=12)


@example(
    found=[(300, "a", False), (420, "a", True), (1500, None, False)],
    made={7, 25},
    rolled={0},
    edges=(0, 192),
)
@settings(max_examples=20, deadline=None)
@given(
    found=logins,
    made=st.sets(st.integers(0, 47)),
    rolled=st.sets(st.integers(0, 1)),
    edges=st.tuples(quarters, quarters).filter(lambda pair: pair[0] < pair[1]),
)
def test_activity_is_the_same_with_files_without_and_with_some(
    found: list[tuple[int, str | None, bool]],
    made: set[int],
    rolled: set[int],
    edges: tuple[int, int],
) -> None:
    quarter = timedelta(minutes=15)
    within = Span(START + edges[0] * quarter, START + edges[1] * quarter)
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        times = [(START + timedelta(minutes=m), who, ok) for m, who, ok in found]
        put(lake, "accounts", "logins", [login(t, who, ok=ok) for t, who, ok in times])
        wanted = [activity(lake, declared, within) for declared in (BY_ACCOUNT, BY_HOUR)]
        for hour in made:
            begin = START + hour * HOUR
            build_activity(lake, BY_ACCOUNT, "accounts", Span(begin, begin + HOUR))
        for day in rolled:
            build_daily(lake, BY_ACCOUNT, "accounts", START + day * DAY)
        with_some = [activity(lake, declared, within) for declared in (BY_ACCOUNT, BY_HOUR)]
        build_activity(lake, BY_ACCOUNT, "accounts", Span(START, START + 2 * DAY))
        with_all = [activity(lake, declared, within) for declared in (BY_ACCOUNT, BY_HOUR)]
    for i in (0, 1):
        assert_frame_equal(with_some[i], wanted[i])
        assert_frame_equal(with_all[i], wanted[i])
    events = [(t, who, ok) for t, who, ok in times if within.start <= t < within.end]
    for rows in wanted:
        assert rows["events"].sum() == len(events)
        assert rows["failed"].sum() == sum(not ok for _, _, ok in events)


def test_whole_days_come_as_one_row_and_the_rest_by_the_hour(lake: Lake) -> None:
    times = ["2026-03-01T23:10", "2026-03-02T05:00", "2026-03-02T17:00", "2026-03-03T00:30"]
    put(lake, "accounts", "logins", [login(t) for t in times])
    within = span("2026-03-01T23:00", "2026-03-03T01:00")
    columns = ["hour", "hours", "product", "account_id", "events", "failed"]
    found = activity(lake, BY_ACCOUNT, within)
    assert found.columns == columns
    assert found.rows() == [
        (at("2026-03-01T23:00"), 1, "accounts", "a", 1, 1),
        (at("2026-03-02T00:00"), 24, "accounts", "a", 2, 2),
        (at("2026-03-03T00:00"), 1, "accounts", "a", 1, 1),
    ]
    by_hour = activity(lake, BY_HOUR, within)
    assert by_hour.columns == columns
    assert by_hour["hours"].to_list() == [1, 1, 1, 1]


def test_activity_of_nothing_has_no_rows_and_all_columns(lake: Lake) -> None:
    within = span("2026-03-02T00:00", "2026-03-03T00:00")
    columns = ["hour", "hours", "product", "account_id", "events", "failed"]
    for product in ("accounts", PLATFORM):
        found = Inputs(lake, product).activity(BY_ACCOUNT, within).collect()
        assert (found.columns, found.height) == (columns, 0)


def test_a_sum_declared_after_the_files_were_made_is_made_from_events(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("2026-03-02T05:00"), login("2026-03-02T07:00", ok=True)])
    only_events = Activity("logins", by=("account_id",))
    build_activity(lake, only_events, "accounts", Span(START, START + DAY))
    build_daily(lake, only_events, "accounts", START)
    build_baseline(lake, Baseline(only_events, days=7), "accounts", START + DAY)
    assert activity(lake, BY_ACCOUNT, Span(START, START + DAY))["failed"].to_list() == [1]
    assert activity(lake, BY_HOUR, Span(START, START + DAY))["failed"].to_list() == [1, 0]
    usual = Inputs(lake, "accounts").baseline(USUAL, START + DAY).collect()
    assert usual["failed_median"].to_list() == [1.0]


def test_files_that_hold_the_sums_of_other_monitors_give_no_more_columns(lake: Lake) -> None:
    more = Activity("logins", ("account_id",), {"ok": pl.col("succeeded").sum()})
    both = activities_of([failures_in_a_day, replace(failures_in_a_day, activity=(more,))])
    put(lake, "accounts", "logins", [login("2026-03-02T05:00")])
    within = Span(START, START + DAY)
    before = [activity(lake, declared, within) for declared in (BY_ACCOUNT, BY_HOUR)]
    usual = Inputs(lake, "accounts").baseline(USUAL, START + DAY).collect()
    (shared,) = both.values()
    build_activity(lake, shared, "accounts", within)
    build_daily(lake, shared, "accounts", START)
    build_baseline(lake, Baseline(shared, days=7), "accounts", START + DAY)
    assert "ok" in pl.read_parquet(lake.root + f"/{DAILY}/{shared.name}/**/*.parquet").columns
    assert "ok" in pl.read_parquet(lake.root + f"/{ACTIVITY}/{shared.name}/**/*.parquet").columns
    for rows, declared in zip(before, (BY_ACCOUNT, BY_HOUR), strict=True):
        assert_frame_equal(activity(lake, declared, within), rows)
    assert_frame_equal(Inputs(lake, "accounts").baseline(USUAL, START + DAY).collect(), usual)


@pytest.mark.parametrize("window", [timedelta(hours=24), timedelta(minutes=90)], ids=str)
@pytest.mark.parametrize("files", ["with files", "without files"])
def test_a_look_back_is_exactly_its_window_before_the_end(
    lake: Lake, window: timedelta, files: str
) -> None:
    monitor = replace(failures_in_a_day, window=window)
    end = at("2026-03-03T10:00")
    times = {
        "before": end - window - MOMENT,
        "first": end - window,
        "last": end - MOMENT,
        "at": end,
    }
    put(lake, "accounts", "logins", [login(time, who) for who, time in times.items()])
    if files == "with files":
        build_activity(lake, BY_ACCOUNT, "accounts", Span(START, START + 2 * DAY))
    found = Inputs(lake, "accounts").table(monitor, "logins_activity", Span(end - HOUR, end))
    assert sorted(found.collect()["account_id"]) == ["first", "last"]


def test_events_reach_one_window_before_the_span(lake: Lake) -> None:
    start, end = at("2026-03-03T10:00"), at("2026-03-03T12:00")
    times = {
        "before": start - 90 * timedelta(minutes=1) - MOMENT,
        "first": start - 90 * timedelta(minutes=1),
        "last": end - MOMENT,
        "at": end,
    }
    put(lake, "accounts", "logins", [login(time, who) for who, time in times.items()])
    monitor = sliding(timedelta(minutes=90))
    found = Inputs(lake, "accounts").table(monitor, "logins", Span(start, end))
    assert sorted(found.collect()["account_id"]) == ["first", "last"]


def test_a_stored_baseline_and_a_fresh_one_are_equal(lake: Lake) -> None:
    rows = [
        login(START + n * HOUR, who, ok=n % 3 == 0)
        for who, hours in (("a", (1, 2, 30, 50, 51, 52, 100)), ("b", (5, 29)), (None, (7, 80)))
        for n in hours
    ]
    put(lake, "accounts", "logins", rows)
    day = START + 5 * DAY
    inputs = Inputs(lake, "accounts")
    for declared in (USUAL, replace(USUAL, season="hour_of_day", zone="Asia/Tokyo")):
        fresh = inputs.baseline(declared, day).collect()
        build_baseline(lake, declared, "accounts", day)
        stored = inputs.baseline(declared, day).collect()
        keys = stored.columns[:3]
        assert_frame_equal(stored, fresh.sort(keys))


def test_the_columns_of_a_baseline_come_in_order(lake: Lake) -> None:
    declared = replace(USUAL, season="hour_of_week")
    found = Inputs(lake, "accounts").baseline(declared, START).collect()
    assert found.columns == [
        "product",
        "account_id",
        "hour_of_week",
        "events_median",
        "failed_median",
        "events_mad",
        "failed_mad",
        "periods",
        "first_seen",
        "last_seen",
    ]
    assert found.height == 0


def test_platform_reads_every_product_with_files_and_without(lake: Lake) -> None:
    for product in ("chat", "web"):
        put(lake, product, "logins", [login("2026-03-02T05:00", f"{product}-account")])
    build_activity(lake, BY_ACCOUNT, "chat", Span(START, START + DAY))
    build_baseline(lake, USUAL, "chat", START + DAY)
    inputs, day = Inputs(lake, PLATFORM), Span(START, START + DAY)
    for rows in (
        inputs.table(sliding(DAY), "logins", day),
        inputs.activity(BY_ACCOUNT, day),
        inputs.activity(BY_HOUR, day),
        inputs.baseline(USUAL, START + DAY),
    ):
        found = rows.select("product", "account_id").sort("product").collect()
        assert found.rows() == [("chat", "chat-account"), ("web", "web-account")]
    only = Inputs(lake, "web").table(sliding(DAY), "logins", day).collect()
    assert only["account_id"].to_list() == ["web-account"]


def test_text_is_read_only_by_who_names_it(lake: Lake) -> None:
    put(lake, "chat", "prompts", [{"occurred_at": at("2026-03-02T05:00"), "text": "secret"}])

    @declare(product="chat")
    def reads_text(prompts: pl.LazyFrame, prompts_text: pl.LazyFrame) -> pl.LazyFrame:
        """Reads both."""
        return prompts.join(prompts_text, on="event_id")

    tables = Inputs(lake, "chat").tables(reads_text, Span(START, START + DAY))
    assert list(tables) == ["prompts", "prompts_text"]
    assert "text" not in tables["prompts"].collect_schema()
    assert tables["prompts_text"].collect()["text"].to_list() == ["secret"]
    assert tables["prompts_text"].collect_schema().names() == [
        "event_id",
        "occurred_at",
        "received_at",
        "product",
        "text",
    ]


def test_a_period_has_one_row_for_each_partition(lake: Lake) -> None:
    within = span("2026-03-02T22:00", "2026-03-03T00:00")
    found = Inputs(lake, "accounts").table(failures_in_a_day, "period", within).collect()
    assert found.rows() == [
        (at("2026-03-02T22:00"), at("2026-03-02T23:00")),
        (at("2026-03-02T23:00"), at("2026-03-03T00:00")),
    ]
