import gzip
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


def test_a_truncated_gzip_is_refused_whole(tmp_path: Path, take: Take) -> None:
    whole = gzip.compress((HEADER + GOOD * 5000).encode())
    log = write(tmp_path / "a.csv.gz", whole[: len(whole) // 2])
    message = refused(take, REQUESTS, log)
    assert message == (
        f"'{log}' is damaged: its gzip data ends early or is wrong. "
        "Fetch it again; nothing of it was ingested."
    )
    assert nothing_was_written(tmp_path)


def test_a_truncated_gzip_among_good_files_is_left_out_and_named(
    tmp_path: Path, take: Take, rows: Rows
) -> None:
    bad = write(tmp_path / "a.csv.gz", gzip.compress((HEADER + GOOD).encode())[:-9])
    good = write(tmp_path / "b.csv", HEADER + "e2,2026-03-01T10:00:00Z,GET,200\n")
    report = take(REQUESTS, bad, good)
    assert report.files == (str(good),)
    assert list(report.failed) == [str(bad)]
    assert rows("events/api_requests", "shop")["event_id"].to_list() == ["e2"]


def test_a_binary_file_is_refused(tmp_path: Path, take: Take) -> None:
    log = write(tmp_path / "a.csv", bytes(range(256)) * 10)
    assert refused(take, REQUESTS, log) == (
        f"'{log}' is binary; wanted text in utf-8, Parquet, or gzip of it."
    )


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["nothing", "gzip of nothing"])
def test_an_empty_file_is_refused(tmp_path: Path, take: Take, content: bytes) -> None:
    log = write(tmp_path / "a.csv", content)
    assert refused(take, REQUESTS, log) == f"'{log}' is empty; wanted at least one line."


def test_a_csv_of_a_header_alone_is_no_fault(tmp_path: Path, take: Take) -> None:
    report = take(REQUESTS, write(tmp_path / "a.csv", HEADER))
    assert (report.rows_read, report.ingested, report.nothing_usable) == (0, 0, False)


def test_bytes_in_another_encoding_go_to_quarantine(
    tmp_path: Path, take: Take, quarantine: Rows
) -> None:
    lines = (HEADER + GOOD).encode() + "e2,2026-03-01T10:00:00Z,Ä,200\n".encode("latin-1")
    log = write(tmp_path / "a.csv", lines)
    report = take(REQUESTS, log)
    assert (report.ingested, report.quarantined) == (1, {"not in the declared encoding": 1})
    kept = quarantine("api_requests", "shop")
    assert kept.columns == ["reason", "file", "row", "original", "product", "ingested_at"]
    assert kept.select("file", "row", "original").rows() == [
        (str(log), 3, "e2,2026-03-01T10:00:00Z,Ä,200")
    ]


def test_a_declared_encoding_is_read(tmp_path: Path, take: Take, rows: Rows) -> None:
    log = write(tmp_path / "a.csv", (HEADER + "e2,2026-03-01T10:00:00Z,Ä,200\n").encode("latin-1"))
    take(Source("shop", "api_requests", encoding="latin-1"), log)
    assert rows("events/api_requests", "shop")["operation"].to_list() == ["Ä"]


def test_values_that_break_the_contract_go_to_quarantine_with_a_reason(
    tmp_path: Path, take: Take, quarantine: Rows
) -> None:
    log = write(
        tmp_path / "a.csv",
        HEADER
        + GOOD
        + "e2,2026-03-01T10:00:00Z,GET,ok\n"
        + "e3,2026-03-01T10:00:00Z,GET,200.5\n"
        + "e4,2026-03-01T10:00:00Z,GET,200.0\n"
        + "e5,2026-03-01T10:00:00Z,GET,99\n"
        + "e6,2026-03-01T10:00:00Z,GET,600\n"
        + "e7,2026-03-01T10:00:00Z,,200\n"
        + "e8,yesterday,GET,200\n"
        + "e9,,GET,200\n"
        + "e10,2026-03-10T12:05:01Z,GET,200\n"
        + "e11,2026-03-10T12:05:00Z,GET,200\n"
        + "e12,1999-12-31T23:59:59Z,GET,200\n"
        + ",2026-03-01T10:00:00Z,GET,200\n",
    )
    report = take(REQUESTS, log)
    assert (report.rows_read, report.ingested) == (13, 4)
    assert report.quarantined == {
        "status: no whole number": 2,
        "occurred_at: before 2000": 1,
        "occurred_at: in the future": 1,
        "occurred_at: missing": 1,
        "occurred_at: no time": 1,
        "operation: missing": 1,
        "status: over 599": 1,
        "status: under 100": 1,
    }
    kept = quarantine("api_requests", "shop")
    assert kept["row"].to_list() == [3, 4, 6, 7, 8, 9, 10, 11, 13]
    assert kept["original"][0] == "e2,2026-03-01T10:00:00Z,GET,ok"


def test_taking_a_file_again_keeps_one_copy_of_its_quarantine(
    tmp_path: Path, take: Take, quarantine: Rows
) -> None:
    log = write(tmp_path / "a.csv", HEADER + GOOD + "e2,never,GET,200\n")
    take(REQUESTS, log)
    take(REQUESTS, log)
    assert quarantine("api_requests", "shop").height == 1
    mended = Source("shop", "api_requests", constants={"occurred_at": "2026-03-01T10:00:00Z"})
    take(mended, log)
    assert quarantine("api_requests", "shop").height == 0


def test_a_line_of_ten_megabytes_goes_to_quarantine(
    tmp_path: Path, take: Take, quarantine: Rows
) -> None:
    line = '{"event_id":"e1","occurred_at":"2026-03-01T10:00:00Z","operation":"GET"}\n'
    long = '{"event_id":"e2","operation":"' + "x" * 10_000_000 + '"}\n'
    log = write(tmp_path / "a.jsonl", line + long + line.replace("e1", "e3"))
    report = take(REQUESTS, log)
    assert (report.rows_read, report.ingested) == (3, 2)
    assert report.quarantined == {"line over 1048576 bytes": 1}
    kept = quarantine("api_requests", "shop")
    assert kept["row"].to_list() == [2]
    assert kept["original"].str.len_chars().to_list() == [1000]


def test_a_long_line_in_a_csv_goes_to_quarantine(tmp_path: Path, take: Take) -> None:
    long = "e2,2026-03-01T10:00:00Z," + "x" * 10_000_000 + ",200\n"
    log = write(tmp_path / "a.csv", HEADER + GOOD + long + GOOD.replace("e1", "e3"))
    report = take(REQUESTS, log)
    assert (report.ingested, report.quarantined) == (2, {"line over 1048576 bytes": 1})


def test_a_missing_file_is_an_error(tmp_path: Path, take: Take) -> None:
    assert refused(take, REQUESTS, tmp_path / "none.csv") == (
        f"'{tmp_path / 'none.csv'}' does not exist. Give a file, a folder, a glob or a URL."
    )


def test_a_folder_without_files_is_an_error(tmp_path: Path, take: Take) -> None:
    (tmp_path / "logs").mkdir()
    assert refused(take, REQUESTS, tmp_path / "logs") == (
        f"'{tmp_path / 'logs'}' holds no files. Give a folder with at least one file."
    )


def test_a_mapping_that_names_an_unknown_column_is_an_error(tmp_path: Path, take: Take) -> None:
    log = write(tmp_path / "a.csv", HEADER.replace("operation", "method") + GOOD)
    source = Source("shop", "api_requests", columns={"operation": "methd"})
    assert refused(take, source, log) == (
        f"'{log}' has no column 'methd', which the mapping names. Did you mean 'method'?"
    )
    assert nothing_was_written(tmp_path)


def test_a_mapped_key_that_no_json_line_has_is_reported(tmp_path: Path, take: Take) -> None:
    log = write(
        tmp_path / "a.jsonl",
        '{"event_id":"e1","occurred_at":"2026-03-01T10:00:00Z","operation":"GET"}\n',
    )
    source = Source("shop", "api_requests", columns={"error": "errorCod"})
    assert take(source, log).unseen == ("errorCod",)


def test_ragged_lines_of_a_csv_go_to_quarantine(
    tmp_path: Path, take: Take, quarantine: Rows
) -> None:
    log = write(
        tmp_path / "a.csv",
        HEADER
        + GOOD
        + "e2,2026-03-01T10:00:00Z\n"
        + "\n"
        + "e3,2026-03-01T10:00:00Z,GET,200,more\n"
        + 'e4,2026-03-01T10:00:00Z,"GET"x,200\n'
        + "e5,2026-03-01T10:00:00Z,GET,200\n",
    )
    report = take(REQUESTS, log)
    assert report.ingested == 2
    assert report.quarantined == {
        "fewer fields than the header": 1,
        "more fields than the header": 1,
        "not CSV: a quote is not closed or stands in a field": 1,
    }
    assert quarantine("api_requests", "shop")["row"].to_list() == [3, 5, 6]


def test_a_quote_that_is_never_closed_does_not_take_the_rest_unseen(
    tmp_path: Path, take: Take
) -> None:
    log = write(
        tmp_path / "a.csv",
        HEADER + GOOD + 'e2,2026-03-01T10:00:00Z,"GET,200\n' + "e3,2026-03-01T10:00:00Z,GET,200\n",
    )
    report = take(REQUESTS, log)
    assert (report.rows_read, report.ingested) == (2, 1)
    assert list(report.quarantined) == ["not CSV: a quote is not closed or stands in a field"]


def test_column_names_given_twice_are_an_error(tmp_path: Path, take: Take) -> None:
    log = write(tmp_path / "a.csv", "event_id,status,status\ne1,2,3\n")
    assert refused(take, REQUESTS, log) == (
        f"'{log}' names the columns ['status'] twice; give each one name."
    )
