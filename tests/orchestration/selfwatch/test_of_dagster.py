from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import TickStatus

from orchestration.selfwatch.faults import Fault
from orchestration.selfwatch.of_dagster import Watched, of_dagster
from tests.orchestration.selfwatch.dagsters import SCRAPING, checked, made, ran, ticked

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
WARN = dg.AssetCheckSeverity.WARN


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def faults(
    instance: dg.DagsterInstance,
    *,
    checks: Sequence[dg.AssetCheckKey] = (),
    now: datetime | None = None,
    up_since: datetime = LONG_AGO,
) -> tuple[Fault, ...]:
    watched = Watched(checks, {SCRAPING: 2 * HOUR}, ["hourly_tick"], frozenset({"hourly_tick"}))
    at = now or datetime.now(UTC)
    return of_dagster(instance, watched, up_since=up_since, now=at).faults


def test_an_installation_that_has_done_nothing_has_no_fault(instance: dg.DagsterInstance) -> None:
    never = dg.AssetCheckKey(SCRAPING, "evaluated")
    assert faults(instance, checks=[never]) == ()


def test_a_check_that_failed_last_as_an_error_is_a_fault(instance: dg.DagsterInstance) -> None:
    failed = checked(instance, "evaluated", passed=False)
    passed = checked(instance, "canary", passed=True)
    warned = checked(instance, "hit_rate", passed=False, severity=WARN)

    found = faults(instance, checks=[failed, passed, warned])

    assert found == (Fault("check", "web/monitors/scraping:evaluated"),)


def test_a_check_that_passes_again_is_none(instance: dg.DagsterInstance) -> None:
    checked(instance, "evaluated", passed=False)
    key = checked(instance, "evaluated", passed=True)

    assert faults(instance, checks=[key]) == ()


def test_an_asset_is_late_when_it_is_older_than_it_may_be(instance: dg.DagsterInstance) -> None:
    at = made(instance)

    assert faults(instance, now=at + 2 * HOUR) == ()
    late = faults(instance, now=at + 2 * HOUR + MINUTE)
    assert late == (Fault("asset", "web/monitors/scraping"),)


def test_nothing_is_late_before_it_could_have_been_made(instance: dg.DagsterInstance) -> None:
    started = made(instance) + 60 * HOUR

    assert faults(instance, now=started + 2 * HOUR, up_since=started) == ()
    assert len(faults(instance, now=started + 3 * HOUR, up_since=started)) == 1


def test_when_the_newest_asset_was_made_is_told_too(instance: dg.DagsterInstance) -> None:
    watched = Watched([], {SCRAPING: HOUR}, [], frozenset())
    before = of_dagster(instance, watched, up_since=LONG_AGO, now=LONG_AGO)
    at = made(instance)

    after = of_dagster(instance, watched, up_since=LONG_AGO, now=at)

    assert (before.made_at, after.made_at) == (None, at)


def test_a_sensor_whose_newest_tick_failed_is_a_fault(instance: dg.DagsterInstance) -> None:
    now = datetime.now(UTC)
    for name, status, minutes in [
        ("intake", TickStatus.SUCCESS, 3),
        ("intake", TickStatus.FAILURE, 2),
        ("intake", TickStatus.STARTED, 1),  # one that is under way says nothing yet
        ("outbox", TickStatus.FAILURE, 3),
        ("outbox", TickStatus.SKIPPED, 2),
        ("removed", TickStatus.FAILURE, 90),
    ]:
        ticked(instance, name, status, now - minutes * MINUTE)
    ticked(instance, "off", TickStatus.FAILURE, now - MINUTE, running=False)

    assert faults(instance, now=now) == (Fault("tick", "intake"),)


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ([True], (Fault("run", "hourly_tick", page=True),)),
        ([False, True], (Fault("run", "hourly_tick", page=True),)),
        ([True, False], ()),
    ],
)
def test_a_job_whose_newest_run_failed_is_a_fault(
    instance: dg.DagsterInstance, ends: list[bool], found: tuple[Fault, ...]
) -> None:
    for fails in ends:
        ran(instance, "hourly_tick", fails=fails)
    ran(instance, "somebodys_own", fails=True)

    assert faults(instance) == found
