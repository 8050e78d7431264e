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
from tests.support.logs import write

Take = Callable[..., IngestReport]
Rows = Callable[[str, str], pl.DataFrame]
REQUESTS = Source("shop", "api_requests")
HEADER = "event_id,occurred_at,account_id,operation,status\n"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


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
    assert (report.rows_read, report.ingested, report.unseen) == (2, 3, ())
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
