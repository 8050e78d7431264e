from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.activity import Activity
from monitors.columns import TIMESTAMP
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.duck import query, reading, score, score_sql
from orchestration.inputs import Inputs
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import build_daily, compact
from tests.support.lakes import Row, at, events, put, span
from tests.support.monitors import BY_ACCOUNT, USUAL, failed_logins, in_sql, named

START = at("2026-03-02T00:00")
TODAY = Span(START, START + DAY)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def login(time: str | datetime, account: str = "a", *, ok: bool = False) -> Row:
    moment = at(f"2026-03-02T{time}") if isinstance(time, str) else time
    return {"occurred_at": moment, "account_id": account, "succeeded": ok}


def asking(folder: Path, sql: str, **changes: object) -> Monitor:
    return replace(in_sql(folder), sql=sql, **changes)  # type: ignore[arg-type]


def asked(lake: Lake, monitor: Monitor, within: Span = TODAY) -> list[tuple[object, ...]]:
    return score_sql(Inputs(lake, "accounts"), monitor, within).collect().rows()


def test_a_query_over_frames_and_one_over_the_lake_agree_with_python(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        login("10:10", ok=True),
        *(login(f"10:{m:02d}", "b") for m in (0, 30, 59)),
        login("11:00"),
    ]
    put(lake, "accounts", "logins", rows)
    frames = {"logins": events("accounts", "logins", rows).lazy()}
    columns = ["account_id", "window_start", "window_end", "score", "attempts"]
    wanted = [
        ("a", at("2026-03-02T10:00"), at("2026-03-02T11:00"), None, 1),
        ("a", at("2026-03-02T11:00"), at("2026-03-02T12:00"), 1.0, 1),
        ("b", at("2026-03-02T10:00"), at("2026-03-02T11:00"), 3.0, 3),
    ]
    for found in (
        score(failed_logins, frames),
        score(in_sql(tmp_path), frames),
        score_sql(Inputs(lake, "accounts"), in_sql(tmp_path), TODAY),
    ):
        assert found.select(columns).sort(columns[:2]).collect().rows() == wanted


minutes = st.integers(-60, 25 * 60)


@settings(max_examples=15, deadline=None)
@given(
    early=st.sets(minutes, max_size=8),
    late=st.sets(minutes, max_size=4),
    edges=st.tuples(minutes, st.integers(1, 26 * 60)),
)
def test_sql_reads_the_same_rows_as_the_lake_in_any_mixture_of_files(
    early: set[int], late: set[int], edges: tuple[int, int]
) -> None:
    minute = timedelta(minutes=1)
    within = Span(START + edges[0] * minute, START + sum(edges) * minute)
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        put(lake, "accounts", "logins", [login(START + m * minute) for m in early])
        for day in (START - DAY, START, START + DAY):
            compact(lake, "logins", "accounts", day)
        put(lake, "accounts", "logins", [login(START + m * minute, "late") for m in late])
        every = asking(Path(folder), "select occurred_at, account_id from logins order by all")
        found = asked(lake, every, within)
    times = [(START + m * minute, who) for who, ms in (("a", early), ("late", late)) for m in ms]
    assert found == sorted(row for row in times if within.start <= row[0] < within.end)


def test_sql_sees_the_columns_of_the_contract_and_no_other(lake: Lake, tmp_path: Path) -> None:
    put(lake, "accounts", "logins", [login("10:10"), login("11:10")])
    schema = contract_of("logins").schema
    path = lake.hour_path("events/logins", "accounts", at("2026-03-02T10:00"))
    rows = pl.read_parquet(str(path), hive_partitioning=False)
    lake.replace(path, rows.drop("mfa").with_columns(surprise=1))
    found = score_sql(
        Inputs(lake, "accounts"), asking(tmp_path, "select * from logins order by 2"), TODAY
    ).collect()
    assert found.columns == schema.names()
    assert found["mfa"].to_list() == [None, None]


def test_without_files_sql_reads_empty_tables(lake: Lake, tmp_path: Path) -> None:
    assert asked(lake, in_sql(tmp_path)) == []
    assert asked(lake, asking(tmp_path, "select count(*) from logins")) == [(0,)]


def test_sql_reads_from_one_window_before_the_span(lake: Lake, tmp_path: Path) -> None:
    within = span("2026-03-02T10:00", "2026-03-02T11:00")
    moment = timedelta(microseconds=1)
    first, end = within.start - 90 * timedelta(minutes=1), within.end
    times = {"before": first - moment, "first": first, "last": end - moment, "at": end}
    put(lake, "accounts", "logins", [login(t, who) for who, t in times.items()])
    sql = "select account_id from logins order by occurred_at"
    monitor = asking(tmp_path, sql, window=timedelta(minutes=90))
    assert asked(lake, monitor, within) == [("first",), ("last",)]


def test_sql_reads_periods_activity_baselines_and_text(lake: Lake, tmp_path: Path) -> None:
    put(lake, "accounts", "logins", [login(START - HOUR), login("10:10"), login("10:20")])
    put(lake, "accounts", "prompts", [{"occurred_at": at("2026-03-02T10:30"), "text": "hello"}])
    build_daily(lake, BY_ACCOUNT, "accounts", START - DAY)
    monitor = asking(
        tmp_path,
        """select text, hour(start), sum(failed)::int, any_value(failed_median), hour(first_seen)
        from prompts_text, period, logins_activity join logins_baseline using (account_id)
        group by all""",
        reads=("prompts_text", "period", "logins_activity", "logins_baseline"),
        window=2 * DAY,
        activity=(BY_ACCOUNT,),
        baseline=(USUAL,),
    )
    within = span("2026-03-02T10:00", "2026-03-02T11:00")
    assert asked(lake, monitor, within) == [("hello", 10, 3, 1.0, 0)]


def test_times_come_back_in_utc_whatever_they_were() -> None:
    found = query(
        "select timestamptz '2026-03-02 10:00+09' as zoned, timestamp '2026-03-02 10:00' as plain, "
        "date_trunc('day', timestamptz '2026-03-02 23:30Z') as day, 1 as n",
        {},
    )
    assert found.schema == {"zoned": TIMESTAMP, "plain": TIMESTAMP, "day": TIMESTAMP, "n": pl.Int32}
    assert found.row(0)[:3] == (at("2026-03-02T01:00"), at("2026-03-02T10:00"), START)


def test_a_path_with_a_quote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "it's.parquet"
    pl.DataFrame({"n": [1]}).write_parquet(path)
    assert query("select n from t", {"t": reading([str(path)])}).rows() == [(1,)]


def test_a_query_that_fails_leaves_no_connection_and_no_files(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "accounts", "logins", [login("10:10")])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    opened: list[duckdb.DuckDBPyConnection] = []

    def connect() -> duckdb.DuckDBPyConnection:
        opened.append(duckdb.connect())
        return opened[-1]

    monitor = asking(tmp_path, "select no_such_column from logins")
    with pytest.raises(duckdb.BinderException):
        score_sql(Inputs(lake, "accounts"), monitor, TODAY, connect=connect)
    assert list(scratch.iterdir()) == []
    with pytest.raises(duckdb.ConnectionException):
        opened[0].execute("select 1")


def test_an_activity_without_rows_is_an_empty_table_in_sql(lake: Lake, tmp_path: Path) -> None:
    activity = Activity("logins", by=("ip",))
    monitor = asking(
        tmp_path,
        "select ip, sum(events) from logins_activity group by ip",
        reads=("logins_activity",),
        window=DAY,
        activity=(activity,),
    )
    assert asked(lake, named(monitor, "empty")) == []
