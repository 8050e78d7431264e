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
    kept = {"platform", "source", "jailbreak", "community_name"}
    assert all(set(json.loads(e)) == kept for e in events["extra"])
    assert events["account_id"].n_unique() == 12, "places where prompts were posted"


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


def test_four_users_of_the_cloud_and_what_they_were_given(take: Take, rows: Rows) -> None:
    for name in ("cloudtrail_signups", "cloudtrail_account_changes"):
        source = sample(name)
        report = take(source, *source.paths)
        assert (report.ingested, report.skipped) == (4, 2896)
    changes = rows("events/account_changes", "accounts")
    assert changes["change"].to_list() == ["password", "key_created", "key_created", "password"]
    made = rows("events/signups", "accounts")
    assert set(changes["account_id"]) == set(made["account_id"])


def test_118250_simulated_transfers(take: Take, rows: Rows) -> None:
    report = take(sample("transfer_rings"), SAMPLES / "transfer_rings.csv.gz")
    assert (report.rows_read, report.ingested) == (118_250, 118_250)
    found = rows("events/payments", "accounts")
    assert found["kind"].unique().to_list() == ["transfer"]
    assert found["recipient_id"].null_count() == 0
    assert found["occurred_at"].max() == datetime(2019, 5, 29, tzinfo=UTC), "day 149"
    assert pl.concat([found["account_id"], found["recipient_id"]]).n_unique() == 19_980


def test_5574_text_messages_of_which_747_are_spam(take: Take, rows: Rows) -> None:
    report = take(sample("sms_spam"), SAMPLES / "sms_spam.tsv.gz")
    assert (report.rows_read, report.ingested, report.quarantined) == (5574, 5574, {})
    found = rows("events/messages", "chat")
    labels = found["extra"].str.json_path_match("$.label")
    assert (labels == "spam").sum() == 747
    assert found["score_spam"].null_count() == 5574, "a label is no score"
    assert rows("text/messages", "chat")["text"].null_count() == 0


@pytest.mark.parametrize(
    ("name", "files", "n"),
    [
        ("convabuse", ["convabuse_train.csv.gz", "convabuse_valid.csv.gz"], 3332),
        ("prompt_injections", ["prompt_injections.parquet"], 546),
        ("toxicity_en", ["toxicity_en.csv.gz"], 1000),
        ("xstest", ["xstest.csv.gz"], 450),
    ],
)
def test_collections_of_prompts(
    take: Take, rows: Rows, name: str, files: list[str], n: int
) -> None:
    report = take(sample(name), *(SAMPLES / file for file in files))
    assert (report.ingested, report.quarantined) == (n, {})
    found, texts = rows("events/prompts", "chat"), rows("text/prompts", "chat")
    assert texts["event_id"].to_list() == found["event_id"].to_list()
    assert found["characters"].to_list() == texts["text"].str.len_chars().to_list()
    assert found["account_id"].null_count() == n
    assert found["occurred_at"].n_unique() == 1


@pytest.mark.parametrize(
    ("name", "n", "counted"),
    [
        ("discord_q4_2023", 48, {"Child Safety: appeals": 14_334.0}),
        ("github_violations", 45, {"account hidden": 42_274.0}),
        ("github_takedowns", 240, {"Counter Notices": 196.0}),
    ],
)
def test_published_counts(
    take: Take, rows: Rows, name: str, n: int, counted: dict[str, float]
) -> None:
    source = sample(name)
    assert take(source, SAMPLES / f"{name}.csv").ingested == n
    found = rows("events/volumes", source.product)
    sums = dict(found.group_by("metric").agg(pl.col("value").sum()).iter_rows())
    assert {metric: sums[metric] for metric in counted} == counted


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
    assert found.filter(~pl.col("succeeded"))["ip"].null_count() == 0, "names stand for addresses"


@pytest.mark.skipif(not AUTH_LOG.exists(), reason="the licence of this log keeps it out of here")
def test_connections_to_the_ftp_server_in_the_same_log(take: Take, rows: Rows) -> None:
    report = take(sample("linux_ftp_log"), AUTH_LOG)
    assert (report.rows_read, report.ingested, report.skipped) == (2000, 909, 1091)
    assert rows("events/api_requests", "web")["ip"].n_unique() == 38


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
