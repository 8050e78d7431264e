import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from orchestration.lake import Lake
from tests.support.logs import write

Take = Callable[..., IngestReport]
Rows = Callable[[str, str], pl.DataFrame]
REQUESTS = Source("shop", "api_requests")
HEADER = "event_id,occurred_at,account_id,operation,status\n"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def names(lake: Lake, table: str = "events/api_requests") -> list[str]:
    folder = Path(lake.root) / table / "product=shop"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_takes_columns_of_the_same_name_without_a_mapping(
    tmp_path: Path, take: Take, rows: Rows
) -> None:
    log = write(
        tmp_path / "a.csv",
        "event_id,occurred_at,account_id,operation,status,region\n"
        "e1,2026-03-01T10:00:00Z,ann,GET,200,eu\n"
        "e2,2026-03-01 10:05:00,,POST,,\n",
    )
    report = take(REQUESTS, log)
    assert (report.rows_read, report.ingested, report.duplicates) == (2, 2, 0)
    assert report.hours == (at(1, 10),)
    assert (report.first, report.last) == (at(1, 10), at(1, 10, 5))
    assert report.bytes == log.stat().st_size
    found = rows("events/api_requests", "shop")
    assert found.select("event_id", "account_id", "operation", "status", "extra").rows() == [
        ("e1", "ann", "GET", 200, '{"region":"eu"}'),
        ("e2", None, "POST", None, None),
    ]
    assert found["received_at"].unique().to_list() == [at(10, 12)]
    assert found["product"].unique().to_list() == ["shop"]


def test_the_same_rows_as_csv_json_lines_parquet_and_gzip_are_the_same_events(
    tmp_path: Path, take: Take, rows: Rows
) -> None:
    csv = write(tmp_path / "a.csv", HEADER + "e1,2026-03-01T10:00:00Z,ann,GET,200\n")
    line = (
        '{"event_id":"e1","occurred_at":"2026-03-01T10:00:00+00:00","account_id":"ann",'
        '"operation":"GET","status":200}\n'
    )
    jsonl = tmp_path / "b.jsonl.gz"
    jsonl.write_bytes(gzip.compress(line.encode()))
    parquet = tmp_path / "c.parquet"
    pl.DataFrame(
        {
            "event_id": ["e1"],
            "occurred_at": [datetime(2026, 3, 1, 10)],  # noqa: DTZ001 - Parquet often has none
            "account_id": ["ann"],
            "operation": ["GET"],
            "status": [200],
        }
    ).write_parquet(parquet)
    packed = tmp_path / "d.parquet.gz"
    packed.write_bytes(gzip.compress(parquet.read_bytes()))
    report = take(REQUESTS, csv, jsonl, parquet, packed)
    assert (report.rows_read, report.ingested, report.duplicates) == (4, 1, 3)
    assert rows("events/api_requests", "shop").height == 1


def test_taking_the_same_file_again_changes_no_file(tmp_path: Path, take: Take, lake: Lake) -> None:
    log = write(tmp_path / "a.csv", HEADER + "e1,2026-03-01T10:00:00Z,ann,GET,200\n")
    take(REQUESTS, log)
    path = lake.day_path("events/api_requests", "shop", at(1, 0))
    before = (path.stat().st_ino, path.stat().st_mtime_ns)
    again = take(REQUESTS, log)
    assert (again.ingested, again.duplicates, again.hours) == (0, 1, ())
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before


def test_equal_lines_of_one_log_stay_as_many_events_and_come_in_once(
    tmp_path: Path, take: Take, rows: Rows
) -> None:
    body = "2026-03-01T10:00:00Z,ann,GET\n" * 3 + "2026-03-01T10:00:00Z,bob,GET\n"
    log = write(tmp_path / "a.csv", "occurred_at,account_id,operation\n" + body)
    copy = write(tmp_path / "copy.csv", "occurred_at,account_id,operation\n" + body)
    assert take(REQUESTS, log).ingested == 4
    again = take(REQUESTS, log, copy)
    assert (again.ingested, again.duplicates) == (0, 8)
    ids = rows("events/api_requests", "shop")["event_id"].to_list()
    first = next(i for i in ids if i.endswith("-2")).removesuffix("-2")
    assert {first, f"{first}-2", f"{first}-3"} < set(ids)
    assert len(set(ids)) == 4


def test_ids_can_be_made_of_chosen_columns(tmp_path: Path, take: Take, rows: Rows) -> None:
    source = Source("shop", "api_requests", event_id=("account_id", "nonce"))
    header = "occurred_at,account_id,nonce,operation,node\n"
    one = write(tmp_path / "1.csv", header + "2026-03-01T10:00:00Z,ann,7,GET,node-1\n")
    two = write(tmp_path / "2.csv", header + "2026-03-01T10:00:00Z,ann,7,GET,node-2\n")
    report = take(source, one, two)
    assert (report.ingested, report.duplicates) == (1, 1)
    # printf '3:ann;1:7;20:2026-03-01T10:00:00Z;' | sha256sum | cut -c1-32
    wanted = "1b2ad7d03cd0e1f001f113e592dfc842"
    assert rows("events/api_requests", "shop")["event_id"].to_list() == [wanted]


def test_hot_hours_get_files_of_their_own_and_older_ones_the_day(
    tmp_path: Path, take: Take, lake: Lake
) -> None:
    log = write(
        tmp_path / "a.csv",
        HEADER
        + "e1,2026-03-08T11:59:00Z,zoe,GET,200\n"  # a minute too old
        + "e2,2026-03-08T12:00:00Z,ann,GET,200\n"
        + "e3,2026-03-10T11:00:00Z,ann,GET,200\n"
        + "e4,2026-03-08T01:00:00Z,zoe,GET,200\n"
        + "e5,2026-03-08T03:00:00Z,ann,GET,200\n",
    )
    take(REQUESTS, log)
    assert names(lake) == [
        "date=2026-03-08/day.parquet",
        "date=2026-03-08/hour=12.parquet",
        "date=2026-03-10/hour=11.parquet",
    ]
    day = pl.read_parquet(str(lake.day_path("events/api_requests", "shop", at(8, 0))))
    assert day["event_id"].to_list() == ["e5", "e4", "e1"]  # by account, then time


def test_an_hour_file_beside_a_day_file_takes_over_what_the_day_had_of_it(
    tmp_path: Path, take: Take, lake: Lake, rows: Rows
) -> None:
    early = write(tmp_path / "1.csv", HEADER + "e1,2026-03-08T12:00:00Z,ann,GET,200\n")
    late = write(tmp_path / "2.csv", HEADER + "e2,2026-03-08T12:30:00Z,bob,GET,200\n")
    take(REQUESTS, early, now=at(20, 0))  # long ago by then: into the day's file
    assert names(lake) == ["date=2026-03-08/day.parquet"]
    take(REQUESTS, late)  # hot now
    assert names(lake) == ["date=2026-03-08/day.parquet", "date=2026-03-08/hour=12.parquet"]
    assert rows("events/api_requests", "shop")["event_id"].to_list() == ["e1", "e2"]
    hour = pl.read_parquet(str(lake.hour_path("events/api_requests", "shop", at(8, 12))))
    assert hour["event_id"].to_list() == ["e1", "e2"]


def test_old_rows_go_into_the_file_of_their_hour_where_there_is_one(
    tmp_path: Path, take: Take, lake: Lake, rows: Rows
) -> None:
    hot = write(tmp_path / "1.csv", HEADER + "e1,2026-03-08T12:00:00Z,ann,GET,200\n")
    old = write(
        tmp_path / "2.csv",
        HEADER + "e2,2026-03-08T12:30:00Z,bob,GET,200\n" + "e3,2026-03-08T13:30:00Z,bob,GET,200\n",
    )
    take(REQUESTS, hot)
    take(REQUESTS, old, now=at(20, 0))
    assert names(lake) == ["date=2026-03-08/day.parquet", "date=2026-03-08/hour=12.parquet"]
    assert rows("events/api_requests", "shop")["event_id"].to_list() == ["e1", "e2", "e3"]


def test_restricted_text_goes_to_a_table_of_its_own(tmp_path: Path, take: Take, rows: Rows) -> None:
    log = write(
        tmp_path / "a.csv",
        "event_id,occurred_at,account_id,text\n"
        'e1,2026-03-01T10:00:00Z,ann,"two\nlines, ""quoted"""\n'
        "e2,2026-03-01T10:01:00Z,bob,\n",
    )
    source = Source("chat", "prompts", hash={"text_hash": "text"})
    assert take(source, log).ingested == 2
    events = rows("events/prompts", "chat")
    assert "text" not in events.columns
    assert events["extra"].to_list() == [None, None]
    assert events["text_hash"].is_null().to_list() == [False, True]
    texts = rows("text/prompts", "chat")
    assert texts.columns == ["event_id", "occurred_at", "received_at", "product", "text"]
    assert texts.select("event_id", "text").rows() == [("e1", 'two\nlines, "quoted"')]


def test_whole_weeks_shift_the_last_event_into_the_last_seven_days(
    tmp_path: Path, take: Take, rows: Rows
) -> None:
    source = Source("shop", "api_requests", shift="whole_weeks")
    log = write(
        tmp_path / "a.csv",
        HEADER
        + "e1,2015-05-17T10:00:00Z,ann,GET,200\n"  # a Sunday
        + "e2,2015-05-20T13:00:00Z,ann,GET,200\n",  # a Wednesday
    )
    report = take(source, log)
    assert (report.first, report.last) == (at(1, 10), at(4, 13))  # a Sunday, a Wednesday
    assert rows("events/api_requests", "shop")["source_occurred_at"].to_list() == [
        datetime(2015, 5, 17, 10, tzinfo=UTC),
        datetime(2015, 5, 20, 13, tzinfo=UTC),
    ]
    a_month_later = take(source, log, now=datetime(2026, 4, 10, tzinfo=UTC))
    assert (a_month_later.ingested, a_month_later.duplicates) == (0, 2)


def test_a_row_in_the_future_does_not_spoil_the_shift(tmp_path: Path, take: Take) -> None:
    source = Source("shop", "api_requests", shift="whole_weeks")
    log = write(
        tmp_path / "a.csv",
        HEADER + "e1,2015-05-20T13:00:00Z,ann,GET,200\n" + "e2,2099-01-01T00:00:00Z,ann,GET,200\n",
    )
    report = take(source, log)
    assert report.last == at(4, 13)
    assert report.quarantined == {"occurred_at: in the future": 1}
