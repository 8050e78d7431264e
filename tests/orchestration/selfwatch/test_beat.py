import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import TickStatus
from dagster._daemon.types import DaemonHeartbeat

from orchestration.deployment import prepare
from orchestration.ledger.database import connect, writing
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.selfwatch.beat import missing
from orchestration.settings import Settings, load
from tests.orchestration.selfwatch.dagsters import ran, ticked
from tests.support.copies import new_ledger

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Home:
    """An installation whose daemon beat, ticked and ran at times that tests choose."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings = settings
        self.instance = instance
        self.now = datetime.now(UTC)

    def beats(self, *, left_out: tuple[str, ...] = ()) -> None:
        """Every part of the daemon gives a sign of life."""
        for kind in self.instance.get_required_daemon_types():
            if kind not in left_out:
                beat = DaemonHeartbeat(self.now.timestamp(), kind, "d1", [])
                self.instance.add_daemon_heartbeat(beat)

    def started(self, at: datetime) -> None:
        """`watchfloor dev` was started then."""
        file = self.settings.dagster_home / "dagster.yaml"
        os.utime(file, (at.timestamp(), at.timestamp()))

    def names(self, after: timedelta = MINUTE) -> list[str]:
        """What does not beat so long after now."""
        now = self.now + after
        return [one.name for one in missing(self.settings, job="hourly_tick", now=now)]

    def waits(self, at: datetime) -> None:
        """A row of the outbox that is due."""
        engine = connect(self.settings.ledger)
        row = Intent("o1", "notice", "C0ABUSE", {"n": 1}, at)
        with writing(engine) as connection:
            enqueue(connection, intents=[row], audit_seq=1, now=at)
        engine.dispose()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    settings = load({"WATCHFLOOR_HOME": str(tmp_path / "home")})
    engine = new_ledger(settings.ledger)
    engine.dispose()
    with prepare(settings) as instance:
        yield Home(settings, instance)


def test_one_whose_parts_all_live_misses_nothing(home: Home) -> None:
    home.beats()
    assert home.names() == []


def test_a_daemon_that_is_silent_is_missing_and_nothing_else(home: Home) -> None:
    home.beats()

    assert home.names(5 * MINUTE) == []
    assert home.names(6 * MINUTE) == ["daemon"]
    assert home.names(9 * HOUR) == ["daemon"]


def test_a_part_of_the_daemon_that_is_silent_is_named(home: Home) -> None:
    home.beats(left_out=("SENSOR",))
    assert home.names() == ["daemon SENSOR"]


def test_sensors_that_do_not_tick_though_the_daemon_lives_are_missing(home: Home) -> None:
    home.beats()
    home.started(home.now - HOUR)
    ticked(home.instance, "outbox", TickStatus.SKIPPED, home.now - 8 * MINUTE)

    assert home.names(2 * MINUTE) == []
    assert home.names(3 * MINUTE) == ["sensors"]


def test_a_health_sensor_whose_ticks_fail_is_missing(home: Home) -> None:
    home.beats()
    ticked(home.instance, "intake", TickStatus.FAILURE, home.now)  # the sensor tells of this one
    ticked(home.instance, "health", TickStatus.SKIPPED, home.now - MINUTE)
    assert home.names() == []

    ticked(home.instance, "health", TickStatus.FAILURE, home.now)
    assert home.names() == ["sensor health"]


def test_an_hourly_tick_that_does_not_come_is_missing(home: Home) -> None:
    home.beats()
    home.started(home.now - 3 * HOUR)
    ticked(home.instance, "outbox", TickStatus.SKIPPED, home.now)

    assert home.names() == ["hourly tick"]
    ran(home.instance, "hourly_tick", fails=False)
    assert home.names() == []


def test_what_does_not_leave_the_outbox_is_missing(home: Home) -> None:
    home.beats()
    home.waits(home.now - 9 * MINUTE)

    assert home.names(MINUTE) == []
    assert home.names(2 * MINUTE) == ["outbox"]


def test_a_ledger_that_is_not_there_is_missing(home: Home) -> None:
    home.beats()
    (home.settings.home / "ledger.db").rename(home.settings.home / "elsewhere.db")

    assert home.names() == ["ledger"]


def test_a_damaged_ledger_is_missing(home: Home) -> None:
    home.beats()
    (home.settings.home / "ledger.db").write_bytes(b"no database at all" * 100)

    assert home.names() == ["ledger"]


def test_a_folder_that_was_never_prepared_is_missing(tmp_path: Path) -> None:
    settings = load({"WATCHFLOOR_HOME": str(tmp_path)})

    found = missing(settings, job="hourly_tick", now=datetime.now(UTC))

    assert [one.name for one in found] == ["Dagster", "ledger"]


def test_a_damaged_storage_of_dagster_is_missing(home: Home) -> None:
    home.beats()
    home.instance.dispose()
    runs = home.settings.dagster_home / "history" / "runs.db"
    runs.write_bytes(b"no database at all" * 100)

    assert home.names() == ["Dagster"]
