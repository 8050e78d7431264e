import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source

Take = Callable[..., IngestReport]
Rows = Callable[[str, str], pl.DataFrame]
ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "samples"
AUTH_LOG = ROOT.parent / "shared/data/linux_auth_log/Linux_2k.log"


def sample(name: str) -> Source:
    return Source.read(SAMPLES / "sources" / f"{name}.toml")


def test_ten_thousand_web_requests(take: Take, rows: Rows) -> None:
    source = sample("web_access_log")
    report = take(source, *source.paths)
    assert (report.rows_read, report.ingested, report.quarantined) == (10_000, 10_000, {})
    found = rows("events/api_requests", "web")
    assert found["ip"].n_unique() == 1753
    assert found["account_id"].null_count() == 10_000
    assert found.filter(pl.col("path").str.contains("?", literal=True)).is_empty()
    assert dict(found["operation"].value_counts().iter_rows()) == {
        "GET": 9952,
        "HEAD": 42,
        "POST": 5,
        "OPTIONS": 1,
    }
    assert found["source_occurred_at"].min() == datetime(2015, 5, 17, 10, 5, tzinfo=UTC)
    assert report.last == datetime(2026, 3, 4, 21, 5, 59, tzinfo=UTC)


def test_666_prompts_of_which_two_have_no_time(take: Take, rows: Rows, quarantine: Rows) -> None:
    source = sample("jailbreak_prompts")
    report = take(source, *source.paths)
    assert (report.rows_read, report.ingested) == (666, 664)
    assert report.quarantined == {"occurred_at: missing": 2}
    assert quarantine("prompts", "chat").height == 2
    events, texts = rows("events/prompts", "chat"), rows("text/prompts", "chat")
    assert texts.height == 664
    assert texts["event_id"].to_list() == events["event_id"].to_list()
    assert events["characters"].to_list() == texts["text"].str.len_chars().to_list()
    assert events["account_id"].null_count() == 0
    assert events["refused"].null_count() == 664
    assert all(set(json.loads(e)) == {"platform", "source", "jailbreak"} for e in events["extra"])


def test_2900_calls_to_a_cloud_and_the_25_sign_ins_among_them(take: Take, rows: Rows) -> None:
    source = sample("cloudtrail")
    report = take(source, *source.paths)
    assert (report.rows_read, report.ingested, report.unseen) == (2900, 2900, ())
    found = rows("events/api_requests", "api")
    assert found["operation"].n_unique() == 260
    assert found["error"].null_count() == 2600
    assert found["account_id"].null_count() == 76  # calls by the cloud's own services
    assert found["ip"].null_count() == 353  # names of services
    sign_ins = sample("cloudtrail_logins")
    again = take(sign_ins, *sign_ins.paths)
    assert (again.rows_read, again.ingested, again.skipped) == (2900, 25, 2875)
    logins = rows("events/logins", "accounts")
    assert logins["succeeded"].sum() == 12
    assert logins.filter(pl.col("method") == "password")["mfa"].to_list() == [False, True]
    assert set(logins["occurred_at"]) < set(found["occurred_at"])


def test_3019_days_of_takedown_notices(take: Take, rows: Rows) -> None:
    source = sample("dmca_daily")
    report = take(source, *source.paths, now=datetime(2026, 9, 1, tzinfo=UTC))
    assert (report.rows_read, report.ingested) == (3019, 9057)
    assert report.last == datetime(2026, 8, 26, tzinfo=UTC)
    found = rows("events/volumes", "takedowns")
    sums = dict(found.group_by("metric").agg(pl.col("value").sum()).iter_rows())
    assert sums == {"notices": 21_447, "counternotices": 335, "retractions": 68}
    assert found["bucket_seconds"].unique().to_list() == [86_400]


@pytest.mark.skipif(not AUTH_LOG.exists(), reason="the licence of this log keeps it out of here")
def test_sign_ins_of_a_linux_system_log(take: Take, rows: Rows) -> None:
    report = take(sample("linux_auth_log"), AUTH_LOG)
    assert (report.rows_read, report.ingested, report.skipped) == (2000, 525, 1475)
    found = rows("events/logins", "accounts")
    assert found["succeeded"].sum() == 36
    assert found.filter(~pl.col("succeeded"))["failure"].unique().to_list() == ["bad_password"]
    assert found["source_occurred_at"].min() == datetime(2005, 6, 14, 15, 16, 1, tzinfo=UTC)


def test_enrichment_lists_are_whole() -> None:
    lists = SAMPLES / "enrichment"
    crawlers = json.loads((lists / "crawler_user_agents.json").read_text(encoding="utf-8"))
    assert len(crawlers) == 1497
    asns = (lists / "bad_asns.csv").read_text(encoding="utf-8").splitlines()
    assert len(asns) == 1 + 742
    with gzip.open(lists / "disposable_email_domains.txt.gz", "rt", encoding="utf-8") as stream:
        assert len(stream.read().split()) == 8335


def test_samples_are_small_and_each_is_named_in_the_notice() -> None:
    files = [p for p in SAMPLES.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) < 10_000_000
    notice = (SAMPLES / "NOTICE.md").read_text(encoding="utf-8")
    data = [p.name for p in files if p.suffix not in {".toml", ".md"}]
    assert [name for name in data if name not in notice] == []
