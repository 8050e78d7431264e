import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import polars as pl
import pytest

from orchestration.ingest.load import ingest
from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from orchestration.lake import Lake

Take = Callable[..., IngestReport]
Rows = Callable[[str, str], pl.DataFrame]
REQUESTS = Source("shop", "api_requests")
HEADER = "event_id,occurred_at,account_id,operation,status\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


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


def test_maps_nested_json_constants_and_expressions(tmp_path: Path, take: Take, rows: Rows) -> None:
    log = write(
        tmp_path / "a.jsonl",
        '{"id":"e1","when":1772359200,"who":{"name":"ann","key":{"id":"k1"}},"call":"s3:Get",'
        '"deep":{"list":[1,2]},"ok":true}\n'
        '{"id":"e2","when":1772359201.5,"who":{},"call":"s3:Put","who.name":"flat"}\n',
    )
    source = Source(
        "cloud",
        "api_requests",
        time_format="epoch_s",
        columns={
            "event_id": "id",
            "occurred_at": "when",
            "account_id": "who.name",
            "key_id": "who.key.id",
        },
        constants={"status": 200},
        expressions={"operation": "SPLIT_PART(call, ':', 2)", "error": '"deep.list"'},
    )
    assert take(source, log).ingested == 2
    found = rows("events/api_requests", "cloud")
    names = ("event_id", "account_id", "key_id", "status", "operation", "error", "extra")
    assert found.select(names).rows() == [
        ("e1", "ann", "k1", 200, "Get", "[1, 2]", '{"ok": true}'),
        ("e2", "flat", None, 200, "Put", None, None),
    ]
    assert found["occurred_at"].to_list() == [
        at(1, 10),
        datetime(2026, 3, 1, 10, 0, 1, 500000, tzinfo=UTC),
    ]


def test_where_keeps_some_rows_and_counts_the_others(tmp_path: Path, take: Take) -> None:
    log = write(
        tmp_path / "a.csv",
        HEADER
        + "e1,2026-03-01T10:00:00Z,ann,GET,200\n"
        + "e2,broken,ann,PUT,200\n"
        + "e3,2026-03-01T10:00:00Z,ann,,200\n",
    )
    report = take(Source("shop", "api_requests", where="operation = 'GET'"), log)
    assert (report.ingested, report.skipped, report.quarantined) == (1, 2, {})


def test_unpivot_makes_an_event_of_each_column(tmp_path: Path, take: Take, rows: Rows) -> None:
    mapping = write(
        tmp_path / "m.toml",
        'product = "x"\ncontract = "volumes"\nevent_id = ["date", "metric"]\n'
        '[columns]\noccurred_at = "date"\n[constants]\nbucket_seconds = 86400\n'
        '[unpivot]\ncolumns = ["a", "b"]\n',
    )
    log = write(tmp_path / "a.csv", "date,a,b\n2026-03-01,1,2\n2026-03-02,3,\n")
    report = take(Source.read(mapping), log)
    assert (report.rows_read, report.ingested) == (2, 3)
    assert report.quarantined == {"value: missing": 1}
    assert rows("events/volumes", "x").select("occurred_at", "metric", "value").sort(
        "occurred_at", "metric"
    ).rows() == [(at(1, 0), "a", 1.0), (at(1, 0), "b", 2.0), (at(2, 0), "a", 3.0)]


def test_folders_globs_and_urls_are_read(tmp_path: Path, take: Take) -> None:
    row = "{},2026-03-01T10:00:00Z,ann,GET,200\n"
    write(tmp_path / "logs/a.csv", HEADER + row.format("e1"))
    write(tmp_path / "logs/deep/b.csv", HEADER + row.format("e2"))
    write(tmp_path / "logs/.hidden.csv", HEADER + row.format("e3"))
    write(tmp_path / "logs/_SUCCESS", "")
    assert take(REQUESTS, tmp_path / "logs").ingested == 2
    assert take(REQUESTS, str(tmp_path / "logs/*.csv")).files == (str(tmp_path / "logs/a.csv"),)
    with fsspec.open("memory://logs/c.csv.gz", "wb") as stream:
        stream.write(gzip.compress((HEADER + row.format("e4")).encode()))
    report = take(REQUESTS, "memory://logs/c.csv.gz")
    assert (report.ingested, report.files) == (1, ("memory:///logs/c.csv.gz",))


def test_a_log_without_suffix_is_known_by_its_content(tmp_path: Path, take: Take) -> None:
    line = '1.2.3.4 - - [01/Mar/2026:10:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 12 "-" "curl/8"\n'
    log = write(tmp_path / "access", line)
    source = Source(
        "web",
        "api_requests",
        columns={"operation": "method"},
        time_format="%d/%b/%Y:%H:%M:%S %z",
    )
    report = take(source, log)
    assert (report.ingested, report.first) == (1, at(1, 9))


@pytest.mark.parametrize(
    ("request_line", "operation", "path"),
    [
        ("GET /a/b?token=1 HTTP/1.1", "GET", "/a/b"),
        ("OPTIONS * HTTP/1.0", "OPTIONS", "*"),
        ("GET /a", "GET", "/a"),
        ("\\x16\\x03\\x01", "MALFORMED", None),
        ("-", "MALFORMED", None),
        ('GET /\\"quoted\\" HTTP/1.1', "GET", '/\\"quoted\\"'),
    ],
)
def test_access_logs_give_method_and_path_without_query(  # noqa: PLR0917 - fixtures and cases
    tmp_path: Path, take: Take, rows: Rows, request_line: str, operation: str, path: str | None
) -> None:
    log = write(
        tmp_path / "a.log",
        f'::1 - ann [01/Mar/2026:10:00:00 +0000] "{request_line}" 400 - '
        '"https://Example.org/x?y" "Mozilla/5.0 (cut off\n',
    )
    source = Source(
        "web",
        "api_requests",
        columns={"operation": "method", "referer": "referer_host", "account_id": "user"},
        time_format="%d/%b/%Y:%H:%M:%S %z",
    )
    take(source, log)
    names = ("ip", "account_id", "operation", "path", "status", "bytes_out", "referer")
    assert rows("events/api_requests", "web").select(names).rows() == [
        ("::1", "ann", operation, path, 400, None, "example.org")
    ]


def test_progress_adds_up_to_the_size_of_the_files(tmp_path: Path, lake: Lake) -> None:
    log = tmp_path / "a.csv.gz"
    log.write_bytes(gzip.compress((HEADER + "e1,2026-03-01T10:00:00Z,a,GET,200\n").encode()))
    told: list[tuple[str, int]] = []
    ingest(
        lake,
        REQUESTS,
        [log],
        now=at(10, 12),
        hot=timedelta(hours=48),
        progress=lambda name, size: told.append((name, size)),
    )
    assert {name for name, _ in told} == {str(log)}
    assert sum(size for _, size in told) == log.stat().st_size


def test_ingests_at_the_same_time_into_the_same_hour_lose_no_row(
    tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    row = "e{},2026-03-01T10:00:00Z,ann,GET,200\n"
    logs = [write(tmp_path / f"{i}.csv", HEADER + row.format(i)) for i in range(8)]

    def run(log: Path) -> int:
        return ingest(lake, REQUESTS, [log], now=at(10, 12), hot=timedelta(hours=48)).ingested

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, logs)) == [1] * 8
    assert rows("events/api_requests", "shop").height == 8
