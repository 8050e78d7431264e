from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from orchestration.ingest.errors import IngestError
from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from tests.support.logs import write

Take = Callable[..., IngestReport]
Rows = Callable[[str, str], pl.DataFrame]
REQUESTS = Source("shop", "api_requests")
HEADER = "event_id,occurred_at,operation,status\n"
GOOD = "e1,2026-03-01T10:00:00Z,GET,200\n"


def refused(take: Take, source: Source, *paths: Path) -> str:
    with pytest.raises(IngestError) as caught:
        take(source, *paths)
    return str(caught.value)


def nothing_was_written(folder: Path) -> bool:
    return not list((folder / "lake").rglob("*.parquet"))


def test_broken_json_lines_go_to_quarantine(tmp_path: Path, take: Take, quarantine: Rows) -> None:
    good = '{"event_id":"%s","occurred_at":"2026-03-01T10:00:00Z","operation":"GET"}'
    lines = [
        good % "e1",
        '{"event_id":"e2","occu',
        "",
        "[1, 2]",
        "[" * 100_000,
        good % "\\ud800",
        good % "\\ud83d\\ude00",
        good % "e3",
    ]
    log = write(tmp_path / "a.jsonl", "\r\n".join(lines) + "\r\n")
    report = take(REQUESTS, log)
    assert (report.rows_read, report.ingested) == (7, 3)
    assert report.quarantined == {
        "not JSON": 2,
        "JSON with half a surrogate pair": 1,
        "not a JSON object": 1,
    }
    assert quarantine("api_requests", "shop")["row"].to_list() == [2, 4, 5, 6]


def test_one_json_array_is_refused_with_the_way_out(tmp_path: Path, take: Take) -> None:
    log = write(tmp_path / "a.json", '[\n{"event_id":"e1"}\n]\n')
    assert "wanted JSON lines: one object a line" in refused(take, REQUESTS, log)


def test_values_of_mixed_types_are_read_for_what_they_say(
    tmp_path: Path, take: Take, rows: Rows
) -> None:
    line = '{"event_id":"e%d","occurred_at":"2026-03-01T10:00:00Z","operation":%s,"status":%s}'
    values = [('"GET"', "200"), ("7", '"200"'), ("true", "200.0"), ('["a"]', '"ok"'), ('"x"', "{}")]
    text = "\n".join(line % (i, *pair) for i, pair in enumerate(values))
    report = take(REQUESTS, write(tmp_path / "a.jsonl", text))
    assert (report.ingested, report.quarantined) == (3, {"status: no whole number": 2})
    assert rows("events/api_requests", "shop").select("operation", "status").rows() == [
        ("GET", 200),
        ("7", 200),
        ("true", 200),
    ]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", '"NaN"'])
def test_numbers_that_are_not_finite_go_to_quarantine(
    tmp_path: Path, take: Take, value: str
) -> None:
    line = '{"event_id":"e1","occurred_at":"2026-03-01T10:00:00Z","metric":"m","value":%s}\n'
    source = Source("x", "volumes", constants={"bucket_seconds": 60})
    report = take(source, write(tmp_path / "a.jsonl", line % value))
    assert report.quarantined == {"value: no number": 1}
    assert report.nothing_usable


def test_a_parquet_column_of_the_wrong_type_goes_to_quarantine(
    tmp_path: Path, take: Take, quarantine: Rows
) -> None:
    pl.DataFrame(
        {
            "event_id": ["e1", "e2"],
            "occurred_at": ["2026-03-01T10:00:00Z"] * 2,
            "operation": ["GET", "GET"],
            "status": [[200], None],
            "blob": [b"\xff", None],
            "nested": [{"a": 1}, None],
        }
    ).write_parquet(tmp_path / "a.parquet")
    report = take(REQUESTS, tmp_path / "a.parquet")
    assert (report.ingested, report.quarantined) == (1, {"status: no whole number": 1})
    kept = quarantine("api_requests", "shop")
    assert '"blob":"ff"' in kept["original"][0]


def test_a_damaged_parquet_file_is_refused(tmp_path: Path, take: Take) -> None:
    pl.DataFrame({"event_id": ["e1"]}).write_parquet(tmp_path / "a.parquet")
    log = write(tmp_path / "b.parquet", (tmp_path / "a.parquet").read_bytes()[:-20])
    assert "is a damaged Parquet file" in refused(take, REQUESTS, log)
    text = write(tmp_path / "c.parquet", HEADER)
    assert "no Parquet file" in refused(take, Source("s", "logins", format="parquet"), text)


def test_an_expression_that_cannot_be_computed_is_an_error_without_values(
    tmp_path: Path, take: Take
) -> None:
    log = write(tmp_path / "a.csv", HEADER + "e1,2026-03-01T10:00:00Z,secret,200\n")
    cast = Source("shop", "api_requests", expressions={"bytes_out": "CAST(operation AS BIGINT)"})
    message = refused(take, cast, log)
    assert "use TRY_CAST" in message
    assert "secret" not in message
    where = Source("shop", "api_requests", where="operation")
    assert "where" in refused(take, where, log)
    assert nothing_was_written(tmp_path)


def test_lines_that_the_pattern_does_not_match_are_kept_apart(tmp_path: Path, take: Take) -> None:
    log = write(tmp_path / "a.log", "2026-03-01T10:00:00Z ann\nsomething else\n")
    pattern = r"^(?P<occurred_at>\S+Z) (?P<account_id>\S+)$"
    source = Source("x", "logins", format="regex", pattern=pattern, constants={"succeeded": True})
    assert take(source, log).quarantined == {"does not match the pattern": 1}


def test_spool_and_temporary_files_are_gone_afterwards(tmp_path: Path, take: Take) -> None:
    log = write(tmp_path / "a.csv", HEADER + GOOD)
    take(REQUESTS, log)
    found = [p.name for p in (tmp_path / "lake/ingests").rglob("*") if p.is_file()]
    assert sorted(name.rpartition(".")[2] for name in found) == ["json", "lock"]
    assert not list((tmp_path / "lake").rglob("*.tmp"))
