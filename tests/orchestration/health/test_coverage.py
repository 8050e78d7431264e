from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.contract import Mode, Monitor
from monitors.harms import Harm
from monitors.registry import Broken, Registry
from orchestration.health.coverage import COVERAGE, coverage
from orchestration.health.history import record, row
from orchestration.lake import Lake
from orchestration.manifests import Manifest, Status
from tests.support.lakes import at
from tests.support.monitors import failed_logins, failed_logins_of_a_day, named

NOW = at("2026-03-30T12:05")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def registry(*monitors: Monitor, broken: tuple[Broken, ...] = ()) -> Registry:
    return Registry({m.id: m for m in monitors}, {b.id: b for b in broken})


def ran(
    lake: Lake,
    monitor: Monitor,
    start: str,
    *,
    status: Status = "complete",
    canary: bool | None = True,
) -> None:
    """Record an evaluation of one partition of the monitor."""
    length = timedelta(days=1) if monitor.every == "1d" else timedelta(hours=1)
    manifest = Manifest(
        monitor=monitor.name,
        product=monitor.product,
        version=1,
        mode="shadow",
        partition=at(start).isoformat(),
        partition_end=(at(start) + length).isoformat(),
        as_of=NOW.isoformat(),
        intent="live",
        status=status,
        digest="",
        rows_read=0,
        pass_partitions=1,
        flagged=0,
        near=0,
        bulk=0,
        null=0,
        sample_rate=0.01,
        seconds=0.0,
    )
    record(lake, monitor.product, [row(manifest, drift="", canary=canary)])


def state(lake: Lake, monitor: Monitor) -> str:
    watched = coverage(registry(monitor), lake, now=NOW)
    (found,) = watched.filter(pl.col("monitor") == monitor.name)["state"]
    return str(found)


def test_a_monitor_evaluated_lately_is_healthy(lake: Lake) -> None:
    ran(lake, failed_logins, "2026-03-30T11:00")
    assert state(lake, failed_logins) == "healthy"


def test_a_monitor_without_an_evaluation_never_ran(lake: Lake) -> None:
    ran(lake, named(failed_logins, "other"), "2026-03-30T11:00")
    assert state(lake, failed_logins) == "never run"


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        ("2026-03-30T09:00", "healthy"),
        ("2026-03-30T08:05", "healthy"),
        ("2026-03-30T08:00", "late"),
        ("2026-03-20T08:00", "late"),
        ("2026-03-01T08:00", "never run"),
    ],
)
def test_an_hourly_monitor_is_late_three_hours_after_its_last_hour(
    lake: Lake, start: str, wanted: str
) -> None:
    ran(lake, failed_logins, start)
    assert state(lake, failed_logins) == wanted


@pytest.mark.parametrize(
    ("start", "wanted"), [("2026-03-28T00:00", "healthy"), ("2026-03-27T00:00", "late")]
)
def test_a_daily_monitor_is_late_fifty_hours_after_its_last_day(
    lake: Lake, start: str, wanted: str
) -> None:
    ran(lake, failed_logins_of_a_day, start)
    assert state(lake, failed_logins_of_a_day) == wanted


def test_a_monitor_whose_last_evaluation_failed_is_failing(lake: Lake) -> None:
    ran(lake, failed_logins, "2026-03-30T10:00")
    ran(lake, failed_logins, "2026-03-30T11:00", status="failed", canary=False)
    assert state(lake, failed_logins) == "failing"
    ran(lake, failed_logins, "2026-03-30T11:00")
    assert state(lake, failed_logins) == "healthy"


def test_a_monitor_that_missed_its_canary_is_blind(lake: Lake) -> None:
    ran(lake, failed_logins, "2026-03-30T11:00", canary=False)
    assert state(lake, failed_logins) == "blind"
    ran(lake, failed_logins, "2026-03-30T11:00", canary=None)
    assert state(lake, failed_logins) == "healthy"


def test_a_source_that_delivers_nothing_is_not_the_monitors_fault(lake: Lake) -> None:
    ran(lake, failed_logins, "2026-03-30T11:00", status="stale")
    assert state(lake, failed_logins) == "healthy"


def test_a_file_that_does_not_load_is_broken(lake: Lake) -> None:
    broken = Broken("accounts", "lost", Path("lost.py"), "SyntaxError: invalid syntax")
    found = coverage(registry(broken=(broken,)), lake, now=NOW)
    assert found.filter(pl.col("state") == "broken").rows(named=True) == [
        {
            "product": "accounts",
            "harm": None,
            "monitor": "lost",
            "mode": None,
            "severity": None,
            "state": "broken",
            "last_evaluated": None,
        }
    ]


def test_a_harm_that_nobody_watches_is_a_gap_of_its_product(lake: Lake) -> None:
    spam = named(failed_logins, "spam", product="chat", harm=Harm.SPAM)
    found = coverage(registry(failed_logins, spam), lake, now=NOW)
    gaps = found.filter(pl.col("state") == "gap")
    unwatched = {(p, h) for p, h in gaps.select("product", "harm").rows()}
    harms = set(Harm) - {Harm.MONITORING_GAP}
    assert unwatched == {
        *(("accounts", str(h)) for h in harms - {Harm.ACCOUNT_TAKEOVER}),
        *(("chat", str(h)) for h in harms - {Harm.SPAM}),
    }
    assert gaps["monitor"].null_count() == gaps.height


def test_a_draft_never_runs_and_watches_nothing(lake: Lake) -> None:
    draft = replace(failed_logins, mode=Mode.DRAFT)
    assert state(lake, draft) == "draft"
    found = coverage(registry(draft), lake, now=NOW)
    gaps = found.filter(pl.col("state") == "gap")["harm"]
    assert Harm.ACCOUNT_TAKEOVER in gaps.to_list()


def test_a_monitor_is_listed_with_what_it_does_and_when_it_last_did(lake: Lake) -> None:
    ran(lake, failed_logins, "2026-03-30T11:00")
    second = replace(failed_logins, name="second", harm=Harm.SPAM)
    found = coverage(registry(second, failed_logins), lake, now=NOW)
    assert found.columns == COVERAGE
    assert found.filter(pl.col("state") != "gap").rows() == [
        (
            "accounts",
            "account_takeover",
            "failed_logins",
            "shadow",
            "S2",
            "healthy",
            "2026-03-30T12:00:00+00:00",
        ),
        ("accounts", "spam", "second", "shadow", "S2", "never run", None),
    ]
