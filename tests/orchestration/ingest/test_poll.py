import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.ingest.errors import IngestError
from orchestration.ingest.poll import poll, poll_folder
from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from orchestration.lake import Lake

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOT = timedelta(hours=48)
HEADER = "event_id,occurred_at,operation\n"
ROW = "{},2026-03-01T10:00:00Z,GET\n"


def run(lake: Lake, folder: Path) -> IngestReport:
    source = Source("shop", "api_requests", paths=(str(folder),))
    return poll(lake, source, now=NOW, hot=HOT)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def test_an_empty_folder_is_no_fault_and_a_missing_one_is(lake: Lake, logs: Path) -> None:
    assert run(lake, logs) == IngestReport("shop", "api_requests")
    with pytest.raises(IngestError, match="does not exist"):
        run(lake, logs / "none")


def test_takes_each_file_once(lake: Lake, logs: Path) -> None:
    (logs / "a.csv").write_text(HEADER + ROW.format("e1"), encoding="utf-8")
    assert run(lake, logs).ingested == 1
    assert run(lake, logs).files == ()
    (logs / "b.csv").write_text(HEADER + ROW.format("e2"), encoding="utf-8")
    assert run(lake, logs).files == (str(logs / "b.csv"),)
    assert run(lake, logs).files == ()


def test_a_file_touched_or_moved_is_known_by_its_content(lake: Lake, logs: Path) -> None:
    log = logs / "a.csv"
    log.write_text(HEADER + ROW.format("e1"), encoding="utf-8")
    run(lake, logs)
    os.utime(log, (1, 1))
    assert run(lake, logs).files == ()
    log.rename(logs / "a.csv.1.csv")
    assert run(lake, logs).files == ()


def test_a_file_that_grew_gives_its_new_rows(lake: Lake, logs: Path) -> None:
    log = logs / "a.csv"
    log.write_text(HEADER + ROW.format("e1"), encoding="utf-8")
    run(lake, logs)
    log.write_text(HEADER + ROW.format("e1") + ROW.format("e2"), encoding="utf-8")
    report = run(lake, logs)
    assert (report.ingested, report.duplicates) == (1, 1)


def test_a_file_that_cannot_be_read_is_tried_again(lake: Lake, logs: Path) -> None:
    log = logs / "a.csv"
    log.write_bytes(b"")
    assert list(run(lake, logs).failed) == [str(log)]
    assert list(run(lake, logs).failed) == [str(log)]
    log.write_text(HEADER + ROW.format("e1"), encoding="utf-8")
    assert run(lake, logs).ingested == 1


def test_polls_the_sources_of_one_product_and_contract(
    lake: Lake, logs: Path, tmp_path: Path
) -> None:
    (logs / "a.csv").write_text(HEADER + ROW.format("e1"), encoding="utf-8")
    sources = tmp_path / "sources"
    sources.mkdir()
    text = 'product = "{}"\ncontract = "api_requests"\npaths = ["../logs"]\n'
    (sources / "shop.toml").write_text(text.format("shop"), encoding="utf-8")
    (sources / "other.toml").write_text(text.format("other"), encoding="utf-8")
    reports = poll_folder(lake, sources, "shop", "api_requests", now=NOW, hot=HOT)
    assert [(r.product, r.ingested) for r in reports] == [("shop", 1)]
    assert poll_folder(lake, sources, "shop", "api_requests", now=NOW, hot=HOT) == []
    assert poll_folder(lake, None, "shop", "api_requests", now=NOW, hot=HOT) == []


def test_a_broken_mapping_is_reported_and_stops_no_other(
    lake: Lake, logs: Path, tmp_path: Path
) -> None:
    (logs / "a.csv").write_text(HEADER + ROW.format("e1"), encoding="utf-8")
    sources = tmp_path / "sources"
    sources.mkdir()
    good = 'product = "shop"\ncontract = "api_requests"\npaths = ["../logs"]\n'
    (sources / "bad.toml").write_text(good + 'colums = "x"\n', encoding="utf-8")
    (sources / "good.toml").write_text(good, encoding="utf-8")
    reports = poll_folder(lake, sources, "shop", "api_requests", now=NOW, hot=HOT)
    assert [(r.ingested, len(r.failed)) for r in reports] == [(0, 1), (1, 0)]
