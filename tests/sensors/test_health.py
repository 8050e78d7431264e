from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import insert, select

from assets.monitors import monitor_assets
from orchestration.alerting import Alerting
from orchestration.jobs import jobs
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import write
from orchestration.ledger.outbox import URGENT
from orchestration.ledger.tables import batches, outbox, problems
from orchestration.resources import Clock
from orchestration.working import Working
from sensors.health import health
from tests.sensors.installations import installed, queued
from tests.support.ledgers import act
from tests.support.place import NOW, Place

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOUND, BROKEN = ["web", "monitors", "sound"], ["web", "monitors", "broken"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A monitor that runs and one that raises, both evaluated once."""
    storage = tmp_path / "dagster"
    storage.mkdir()
    with dg.DagsterInstance.local_temp(str(storage)) as instance:
        found = Place(tmp_path, Lake(str(tmp_path / "lake")), instance)
        found.monitor("sound")
        found.monitor("broken", body="api_requests.no_such_thing()")
        found.events("loud", 3)
        yield found


@pytest.fixture
def alerting(place: Place, tmp_path: Path) -> Iterator[Alerting]:
    found = installed(tmp_path / "installation", place.registry())
    yield found
    found.engine.dispose()


def tick(
    place: Place, alerting: Alerting, now: datetime, cursor: str | None = None
) -> dg.SensorResult:
    assets = monitor_assets(place.registry())
    sensor = health(place.registry(), jobs(place.assets()), assets)
    context = dg.build_sensor_context(
        instance=place.instance,
        resources={
            "alerting": alerting,
            "working": Working(alerting),
            "clock": Clock(at=now.isoformat()),
        },
        sensor_name="health",
        cursor=cursor,
    )
    with context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def wrong(alerting: Alerting) -> set[tuple[str, str]]:
    """Kind and object of every problem that goes on."""
    going = select(problems.c.kind, problems.c.object).where(problems.c.gone_at.is_(None))
    with reading(alerting.engine) as connection:
        return {(kind, name) for kind, name in connection.execute(going)}


def test_it_runs_by_itself_each_minute(place: Place) -> None:
    sensor = health(place.registry(), [], [])
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 60


def test_a_new_installation_has_only_a_ledger_without_seal(
    place: Place, alerting: Alerting
) -> None:
    tick(place, alerting, datetime.now(UTC))

    assert wrong(alerting) == {("seal", "ledger")}  # its first row is of March


def test_a_failed_monitor_is_told_once_in_the_channel_of_the_settings(
    place: Place, alerting: Alerting
) -> None:
    place.run(SOUND, BROKEN, ["web", "evaluations"])
    now = datetime.now(UTC)

    for _ in range(2):  # the second as after a crash
        tick(place, alerting, now)

    assert ("check", "web/monitors/broken:evaluated") in wrong(alerting)
    assert not {name for kind, name in wrong(alerting) if kind == "check" and "sound" in name}
    assert queued(alerting.settings, "health") == ["C0WATCHFLOOR"]


def test_a_monitor_is_late_once_watchfloor_has_run_for_longer_than_it_may_take(
    place: Place, alerting: Alerting
) -> None:
    place.run(SOUND, BROKEN, ["web", "evaluations"])
    late, cursor = ("asset", "web/monitors/sound"), None
    now = datetime.now(UTC) + 60 * HOUR  # after a weekend without power
    seen = []
    for minutes in (0, 9, 18):
        cursor = tick(place, alerting, now + minutes * MINUTE, cursor).cursor
        seen.append(late in wrong(alerting))
    began = now.isoformat()
    tick(place, alerting, now + 121 * MINUTE, f"{began} {(now + 120 * MINUTE).isoformat()}")

    assert seen == [False, False, False]
    assert cursor == f"{began} {(now + 18 * MINUTE).isoformat()}"
    assert late in wrong(alerting)


def test_a_gap_between_looks_is_a_new_start(place: Place, alerting: Alerting) -> None:
    first = tick(place, alerting, NOW)
    second = tick(place, alerting, NOW + 11 * MINUTE, first.cursor)

    at = (NOW + 11 * MINUTE).isoformat()
    assert second.cursor == f"{at} {at}"


def test_a_settings_file_that_is_wrong_is_a_problem(place: Place, alerting: Alerting) -> None:
    tick(place, alerting, NOW)
    alerting.settings.routes.write_text("routes: []", encoding="utf-8")

    tick(place, alerting, NOW + MINUTE)

    assert ("settings", "routes") in wrong(alerting)


def test_settings_that_were_never_sound_are_a_problem_that_pages(
    place: Place, alerting: Alerting
) -> None:
    alerting.settings.people.unlink()

    tick(place, alerting, NOW)

    assert ("settings", "never-sound") in wrong(alerting)


def test_mistakes_in_the_files_of_casework_are_told_and_the_sound_ones_hold(
    place: Place, alerting: Alerting
) -> None:
    now = datetime.now(UTC)
    tick(place, alerting, now)
    alerting.settings.queues.write_text("queues: [", encoding="utf-8")

    tick(place, alerting, now + MINUTE)

    assert wrong(alerting) == {("seal", "ledger"), ("settings", "queues")}
    assert Working(alerting).terms(now + MINUTE).desks.default == "general"


def test_a_file_that_changes_while_a_process_runs_is_read_again(alerting: Alerting) -> None:
    working, now = Working(alerting), datetime.now(UTC)
    first = working.terms(now)
    assert working.terms(now + MINUTE) is first

    path = alerting.settings.queues
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("lease: 30m", "lease: 20m"), encoding="utf-8")

    assert first.desks.lease == 30 * MINUTE
    assert working.terms(now + 2 * MINUTE).desks.lease == 20 * MINUTE


def test_live_without_a_service_to_ask_is_told(place: Place, alerting: Alerting) -> None:
    path = alerting.settings.enforcement
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("mode: dry_run", "mode: live", 1), encoding="utf-8")

    tick(place, alerting, datetime.now(UTC))

    assert wrong(alerting) == {("seal", "ledger"), ("settings", "service")}


def test_a_cap_that_is_breached_pages_once_at_the_front_of_the_queue(
    place: Place, alerting: Alerting
) -> None:
    now = datetime.now(UTC)
    stop_a_batch(alerting)

    for minute in range(3):
        tick(place, alerting, now + minute * MINUTE)

    assert ("cap", "batch batch-1") in wrong(alerting)
    assert len(queued(alerting.settings, "health")) == 1
    with reading(alerting.engine) as connection:
        lanes = select(outbox.c.lane).where(outbox.c.kind == "health")
        assert connection.execute(lanes).scalars().all() == [URGENT]


def stop_a_batch(alerting: Alerting) -> None:
    """A batch of one row that a cap stopped."""
    batch = {"batch_id": "batch-1", "source": "test", "mode": "live", "planned_at": NOW}
    batch |= {"size": 1, "preview": {}, "breach": "per_day", "breached_at": NOW}
    row = Enforcement(
        enforcement_id="e-1",
        idempotency_key="key-1",
        batch_id="batch-1",
        product="chat",
        policy_id="spam",
        policy_version=1,
        target_type="account_id",
        target="account_1",
        action="suspend_account",
        action_class="access",
        mode="live",
        state=EnforcementState.PLANNED,
        automated="not",
        needs=0,
        planned_at=NOW,
        not_before=NOW,
    )
    with writing(alerting.engine) as connection:
        seq = append(connection, act=act(), verb="plan", object_id="batch:batch-1")
        connection.execute(insert(batches).values(**batch, audit_seq=seq))
        write(connection, ENFORCEMENTS, before={}, after=[row], act=act())
        stopped = replace(row, state=EnforcementState.BLOCKED, code="cap:per_day")
        write(connection, ENFORCEMENTS, before={"e-1": row}, after=[stopped], act=act())
