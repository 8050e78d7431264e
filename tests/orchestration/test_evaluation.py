import shutil
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from monitors.contract import Monitor
from monitors.errors import MonitorError
from monitors.evaluate import FINDINGS, Span
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from orchestration.manifests import Intent, Manifest, content_digest, read_manifest
from orchestration.partitions import HOUR, starts
from tests.support.lakes import Row, at, files, put, span, stored
from tests.support.monitors import (
    declare,
    failed_logins,
    failing,
    in_sql,
    named,
)

START = at("2026-03-02T00:00")
NOW = at("2026-03-03T01:00")
MORNING = span("2026-03-02T06:00", "2026-03-02T10:00")
SECRET = "alice@example.com"  # noqa: S105 - stands for private data


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def login(time: str | datetime, account: str | None = "a", *, ok: bool = False) -> Row:
    moment = at(f"2026-03-02T{time}") if isinstance(time, str) else time
    return {"occurred_at": moment, "account_id": account, "succeeded": ok}


def one(
    lake: Lake,
    monitor: Monitor,
    hour: str,
    now: datetime = NOW,
    *,
    rate: float = 0.01,
    intent: Intent | None = None,
) -> Manifest:
    start = at(f"2026-03-02T{hour}")
    run = Run(lake, now, rate=rate, intent=intent)
    (manifest,) = evaluate_span(run, monitor, Span(start, start + HOUR))
    return manifest


def test_a_finding_says_what_was_found_where_and_by_whom(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login(f"10:{m}") for m in (10, 20, 30)])
    manifest = one(lake, failed_logins, "10:00")
    found = stored(lake, "findings", failed_logins, at("2026-03-02T10:00"))
    assert found.schema == FINDINGS
    assert found.drop("finding_id").rows(named=True) == [
        {
            "monitor": "failed_logins",
            "version": 1,
            "product": "accounts",
            "harm": "account_takeover",
            "severity": 2,
            "entity_type": "account_id",
            "entity": "a",
            "subkey": None,
            "window_start": at("2026-03-02T10:00"),
            "window_end": at("2026-03-02T11:00"),
            "score": 3.0,
            "threshold": 3.0,
            "evidence": '{"attempts":3}',
        }
    ]
    assert replace(manifest, seconds=0.0) == Manifest(
        monitor="failed_logins",
        product="accounts",
        version=1,
        mode="shadow",
        partition="2026-03-02T10:00:00+00:00",
        partition_end="2026-03-02T11:00:00+00:00",
        as_of="2026-03-03T01:00:00+00:00",
        intent="live",
        status="complete",
        digest=content_digest(found),
        rows_read=3,
        pass_partitions=1,
        flagged=1,
        near=0,
        bulk=0,
        null=0,
        sample_rate=0.01,
        seconds=0.0,
    )


def test_an_hour_without_findings_is_stored_as_such(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("10:10"), login("11:10")])
    manifest = one(lake, failed_logins, "10:00")
    assert (manifest.status, manifest.flagged, manifest.bulk) == ("complete", 0, 1)
    found = stored(lake, "findings", failed_logins, at("2026-03-02T10:00"))
    assert (found.schema, found.height) == (FINDINGS, 0)


def test_rows_that_no_longer_make_a_finding_take_it_back(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login(f"10:{m}") for m in (10, 20, 30)])
    first = one(lake, failed_logins, "10:00")
    lake.hour_path("events/logins", "accounts", at("2026-03-02T10:00")).unlink()
    put(lake, "accounts", "logins", [login("10:10")])
    second = one(lake, failed_logins, "10:00", NOW + HOUR)
    assert (first.flagged, second.flagged) == (1, 0)
    assert stored(lake, "findings", failed_logins, at("2026-03-02T10:00")).height == 0
    assert second.digest != first.digest


def test_a_partition_is_stale_until_a_source_delivers_it_or_a_later_one(lake: Lake) -> None:
    def states() -> list[str]:
        within = span("2026-03-02T09:00", "2026-03-02T12:00")
        return [m.status for m in evaluate_span(Run(lake, NOW), failed_logins, within)]

    assert states() == ["stale", "stale", "stale"]
    put(lake, "accounts", "logins", [login("10:10")])
    assert states() == ["complete", "complete", "stale"]
    put(lake, "web", "logins", [login("23:00")])
    assert states() == ["complete", "complete", "stale"]
    put(lake, "accounts", "logins", [login(at("2026-03-03T00:10"))])
    assert states() == ["complete", "complete", "complete"]


@pytest.mark.parametrize(
    ("now", "given", "wanted"),
    [
        ("2026-03-02T11:05", None, "live"),
        ("2026-03-03T10:59", None, "live"),
        ("2026-03-03T11:00", None, "replay"),
        ("2026-03-02T11:05", "replay", "replay"),
        ("2026-03-02T13:00", "late", "late"),
        ("2026-04-02T11:05", "live", "live"),
    ],
)
def test_the_intent_is_the_one_given_or_follows_from_the_age_of_the_partition(
    lake: Lake, now: str, given: Intent | None, wanted: str
) -> None:
    put(lake, "accounts", "logins", [login("10:10")])
    assert one(lake, failed_logins, "10:00", at(now), intent=given).intent == wanted


def test_an_older_evaluation_never_replaces_a_newer_one(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login(f"10:{m}") for m in (10, 20, 30)])
    newer = one(lake, failed_logins, "10:00", NOW)
    before = {f: Path(lake.root, f).read_bytes() for f in files(lake)}
    broken = named(failing(ValueError()), failed_logins.name)
    fewer = named(failed_logins, failed_logins.name, threshold=99.0)
    for older in (broken, fewer):
        assert one(lake, older, "10:00", NOW - HOUR) == newer
        assert {f: Path(lake.root, f).read_bytes() for f in files(lake)} == before
    assert one(lake, fewer, "10:00", NOW).flagged == 0


def test_samples_carry_their_stratum_and_inclusion_probability(lake: Lake) -> None:
    minutes = {"flagged": 3, "near": 2, "bulk": 1}
    rows = [login(f"10:{m}", who) for who, n in minutes.items() for m in range(10, 10 + n)]
    put(lake, "accounts", "logins", [*rows, login("10:00", "null", ok=True), login("10:00", None)])
    counts = {"flagged": 1, "near": 1, "bulk": 1, "null": 1}
    columns = ["entity", "stratum", "inclusion_probability", "uniform"]

    manifest = asdict(one(lake, failed_logins, "10:00", rate=1.0))
    assert {name: manifest[name] for name in counts} == counts
    assert manifest["sample_rate"] == 1.0
    ten = at("2026-03-02T10:00")
    assert stored(lake, "samples", failed_logins, ten).select(columns).rows() == [
        ("bulk", "bulk", 1.0, True),
        ("flagged", "flagged", 1.0, True),
        ("near", "near", 1.0, True),
        ("null", "null", 1.0, True),
    ]

    manifest = asdict(one(lake, failed_logins, "10:00", rate=1e-9))
    assert {name: manifest[name] for name in counts} == counts
    assert stored(lake, "samples", failed_logins, ten).select(columns).rows() == [
        ("near", "near", 1.0, False)
    ]


def test_a_uniform_sample_is_drawn_from_every_stratum_with_its_rate(lake: Lake) -> None:
    rows = [login("10:10", f"quiet-{i}") for i in range(1000)]
    rows += [login("10:10", f"loud-{i}") for i in range(300) for _ in range(3)]
    put(lake, "accounts", "logins", rows)
    one(lake, failed_logins, "10:00", rate=0.2)
    sampled = stored(lake, "samples", failed_logins, at("2026-03-02T10:00"))
    of = {s: rows for (s,), rows in sampled.group_by("stratum")}
    assert set(of) == {"bulk", "flagged"}
    assert of["bulk"]["inclusion_probability"].unique().to_list() == [0.2]
    assert of["flagged"]["inclusion_probability"].unique().to_list() == [1.0]
    assert sampled["uniform"].all()
    assert abs(of["bulk"].height - 200) < 50  # four standard deviations
    assert abs(of["flagged"].height - 60) < 28


def cast_fails() -> Monitor:
    @declare()
    def casts_text(logins: pl.LazyFrame) -> pl.LazyFrame:
        """Its error of Polars quotes the data."""
        return failed_logins(logins).with_columns(score=pl.col("account_id").cast(pl.Float64))

    return casts_text


BROKEN = {
    "an error that quotes the data": (
        failing(ValueError(f"no such account: {SECRET}")),
        "ValueError at monitors.py:",
    ),
    "an error of Polars": (cast_fails(), "InvalidOperationError at "),
    "a panic of Polars": (
        failing(pl.exceptions.PanicException(SECRET)),
        "PanicException at monitors.py:",
    ),
    "an error of ours": (failing(MonitorError("Say why.")), "MonitorError: Say why."),
}


@pytest.mark.parametrize(("monitor", "error"), BROKEN.values(), ids=BROKEN)
def test_a_monitor_that_fails_leaves_manifests_without_a_value_of_the_data(
    lake: Lake, monitor: Monitor, error: str
) -> None:
    put(lake, "accounts", "logins", [login("10:10", SECRET)])
    within = span("2026-03-02T10:00", "2026-03-02T12:00")
    found = evaluate_span(Run(lake, NOW), monitor, within)
    assert [m.status for m in found] == ["failed", "failed"]
    assert [m.partition[11:16] for m in found] == ["10:00", "11:00"]
    assert all(m.error.startswith(error) for m in found)
    assert [read_manifest(lake, monitor, s) for s in starts(within, "1h")] == found
    written = [f for f in files(lake) if not f.startswith("events")]
    assert len(written) == 2
    assert all(SECRET not in Path(lake.root, f).read_text() for f in written)


def test_a_sql_monitor_that_fails_names_no_value_either(lake: Lake, tmp_path: Path) -> None:
    put(lake, "accounts", "logins", [login("10:10", SECRET)])
    sql = "select account_id, account_id::int as score, occurred_at as window_start from logins"
    monitor = named(in_sql(tmp_path), "casts_text", sql=sql)
    manifest = one(lake, monitor, "10:00")
    assert manifest.status == "failed"
    assert manifest.error.startswith("ConversionException at ")
    assert SECRET not in manifest.error


def test_scores_that_break_the_contract_fail(lake: Lake) -> None:
    @declare()
    def no_score(logins: pl.LazyFrame) -> pl.LazyFrame:
        """Returns its events."""
        return logins

    put(lake, "accounts", "logins", [login("10:10", SECRET)])
    manifest = one(lake, no_score, "10:00")
    assert manifest.status == "failed"
    assert manifest.error == (
        "MonitorError: Monitor 'accounts/no_score' returned no column ['score', 'window_end', "
        "'window_start']; every monitor returns 'account_id', 'score', 'window_start' and "
        "'window_end'."
    )


def test_only_the_days_that_fail_are_failed(lake: Lake) -> None:
    @declare()
    def fails_on_one_day(logins: pl.LazyFrame) -> pl.LazyFrame:
        """Cannot read one row."""
        return failed_logins(logins.with_columns(pl.col("account_id").cast(pl.Int64)))

    put(lake, "accounts", "logins", [login(at("2026-03-01T23:10"), "7"), login("00:10", "x")])
    within = span("2026-03-01T23:00", "2026-03-02T01:00")
    found = evaluate_span(Run(lake, NOW), fails_on_one_day, within)
    assert [m.status for m in found] == ["complete", "failed"]


def test_a_partition_that_failed_is_mended_by_the_next_evaluation(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login(f"10:{m}") for m in (10, 20, 30)])
    broken = named(failing(ValueError()), failed_logins.name)
    assert one(lake, broken, "10:00", NOW).status == "failed"
    mended = one(lake, failed_logins, "10:00", NOW)
    assert (mended.status, mended.flagged, mended.error) == ("complete", 1, "")
    assert read_manifest(lake, failed_logins, at("2026-03-02T10:00")) == mended


def test_a_seed_decides_the_sample_and_nothing_else(lake: Lake) -> None:
    hour = MORNING.start
    put(lake, "accounts", "logins", [login(hour, f"account-{i}") for i in range(100)])
    drawn, digests = [], set()
    for seed in ("one", "one", "other"):
        run = Run(lake, NOW, rate=0.3, seed=seed)
        digests.add(evaluate_span(run, failed_logins, Span(hour, hour + HOUR))[0].digest)
        drawn.append(stored(lake, "samples", failed_logins, hour)["entity"].to_list())
        shutil.rmtree(Path(lake.root, "manifests"))
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(digests) == 1
