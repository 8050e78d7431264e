import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import select

from orchestration.ledger.database import reading
from orchestration.ledger.tables import intake as taken
from orchestration.resources import Clock
from sensors.alerts import intake, outbox
from tests.orchestration.intake.builders import contents
from tests.support.place import NOON, NOW, Place
from tests.support.slack_server import Fault
from tests.support.watches import CHANNEL, Watch, watches

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
A, EVALUATIONS = ("web", "monitors", "a"), ("web", "evaluations")


@pytest.fixture
def watch(place: Place) -> Iterator[Watch]:
    """Something that was found in the hour of noon, and not taken in."""
    with watches(place) as found:
        place.monitor("a")
        place.events("loud", 3)
        found.promote("web/a")
        place.run(A, EVALUATIONS)
        yield found


def tick(
    watch: Watch, sensor: dg.SensorDefinition, now: datetime = NOW, *, cursor: str | None = None
) -> dg.SensorResult | dg.SkipReason:
    """One look of a sensor, in a process of its own."""
    alerting = watch.alerting()
    context = dg.build_sensor_context(
        instance=watch.place.instance,
        cursor=cursor,
        resources={"alerting": alerting, "clock": Clock(at=now.isoformat())},
        sensor_name=sensor.name,
    )
    with context:
        result = sensor(context)
    alerting.engine.dispose()
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def look(watch: Watch, now: datetime = NOW, *, cursor: str | None = None) -> str | None:
    """One look of the intake; its new cursor."""
    result = tick(watch, intake, now, cursor=cursor)
    assert isinstance(result, dg.SensorResult)
    assert not result.run_requests
    return result.cursor


def send(watch: Watch, now: datetime = NOW) -> str:
    """One look of the outbox; what it says."""
    result = tick(watch, outbox, now)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def evaluations(watch: Watch) -> int:
    alerting = watch.alerting()
    with reading(alerting.engine) as connection:
        found = connection.execute(select(taken.c.partition)).all()
    alerting.engine.dispose()
    return len(found)


def aged(watch: Watch, at: datetime) -> None:
    """Give every manifest, and its folder, the time at which it was written."""
    for path in Path(watch.place.lake.root, "manifests").rglob("*"):
        os.utime(path, (at.timestamp(), at.timestamp()))


def test_what_no_tick_took_in_is_taken_in_and_told(watch: Watch) -> None:
    assert look(watch) == NOW.isoformat()
    said = send(watch)

    assert said == ("1 sent, 0 merged, 0 collapsed, 0 to be tried again, 0 refused; 0 wait.")
    assert len(watch.slack.messages[CHANNEL]) == 1


def test_a_look_that_is_repeated_after_a_crash_changes_nothing(watch: Watch) -> None:
    look(watch)
    send(watch)
    alerting = watch.alerting()
    before = contents(alerting.engine)

    look(watch)
    look(watch, NOW + SECOND)
    assert send(watch, NOW + SECOND).startswith("0 sent")

    assert contents(alerting.engine) == before
    assert len(watch.slack.messages[CHANNEL]) == 1
    alerting.engine.dispose()


def test_old_files_are_read_again_once_an_hour_only(watch: Watch) -> None:
    aged(watch, NOON)
    same_hour = (NOW + MINUTE).isoformat()

    cursor = look(watch, NOW + 2 * MINUTE, cursor=same_hour)
    assert (evaluations(watch), cursor) == (0, (NOW + 2 * MINUTE).isoformat())
    look(watch, NOW + HOUR, cursor=cursor)
    assert evaluations(watch) == 1


@pytest.mark.parametrize("cursor", [None, (NOW - MINUTE).isoformat()])
def test_what_is_not_ready_is_looked_at_until_it_is(watch: Watch, cursor: str | None) -> None:
    (found,) = Path(watch.place.lake.root, "findings").rglob("*.parquet")
    whole = found.read_bytes()
    found.unlink()

    assert look(watch, cursor=cursor) == cursor
    found.write_bytes(whole)
    aged(watch, NOON)

    assert look(watch, NOW + MINUTE, cursor=cursor) == (NOW + MINUTE).isoformat()
    assert evaluations(watch) == 1


def test_an_outage_is_waited_out(watch: Watch) -> None:
    look(watch)
    watch.slack.fail("chat.postMessage", Fault(status=503, body="down"))

    assert "0 sent" in send(watch)
    assert "1 sent" in send(watch, NOW + MINUTE)
    assert len(watch.slack.messages[CHANNEL]) == 1


def test_a_product_whose_every_monitor_fails_keeps_nobody_from_being_told(watch: Watch) -> None:
    watch.place.monitor("b", product="api", body='api_requests.select("no_such_column")')
    watch.place.events("loud", 3, product="api")
    assert not watch.tick().success
    assert watch.slack.messages[CHANNEL] == []  # Dagster starts no step after one that failed

    look(watch)
    send(watch)

    assert len(watch.slack.messages[CHANNEL]) == 1
