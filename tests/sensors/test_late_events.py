import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from orchestration.changes import mark
from orchestration.jobs import jobs
from orchestration.timeline import RANGE_END, RANGE_START
from sensors.late_events import late_events
from tests.support.place import NOON, NOW, Place

A = ("web", "monitors", "a")


def tick(place: Place, now: datetime) -> dg.SensorResult | dg.SkipReason:
    sensor = late_events(place.registry(), jobs(place.assets()))
    context = dg.build_sensor_context(
        instance=place.instance, resources=place.resources(now), sensor_name="late_events"
    )
    with context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def change(place: Place, hour: datetime, *, at: datetime) -> None:
    """Mark an hour as changed at a given time."""
    mark(place.lake, "api_requests", "web", [hour])
    (path,) = Path(place.lake.root, "changes").rglob(f"hour={hour:%H}.json")
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_nothing_is_requested_while_no_evaluated_hour_has_changed(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.run(A)

    assert isinstance(tick(place, NOW), dg.SkipReason)


def test_late_rows_re_open_exactly_their_hour(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.run(A, first="2026-11-03-11:00", last="2026-11-03-13:00")
    change(place, NOON, at=NOW + timedelta(minutes=1))

    result = tick(place, NOW + timedelta(minutes=5))

    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or []
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (
        "2026-11-03-12:00",
        "2026-11-03-12:00",
    )
    assert request.tags["watchfloor/intent"] == "late"
    assert set(request.asset_selection or []) == {
        dg.AssetKey(list(A)),
        dg.AssetKey(["web", "evaluations"]),
    }


def test_re_evaluating_ends_the_request(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.run(A)
    change(place, NOON, at=NOW + timedelta(minutes=1))

    place.run(A, now=NOW + timedelta(minutes=6))

    assert isinstance(tick(place, NOW + timedelta(minutes=10)), dg.SkipReason)


def test_hours_older_than_two_days_stay_as_they_are(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.run(A)
    change(place, NOON, at=NOW + timedelta(days=3))

    assert isinstance(tick(place, NOW + timedelta(days=3)), dg.SkipReason)


def test_a_change_within_the_open_hour_waits_for_its_tick(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.run(A, now=NOON + timedelta(minutes=10))
    change(place, NOON, at=NOON + timedelta(minutes=20))

    assert isinstance(tick(place, NOON + timedelta(minutes=30)), dg.SkipReason)


def test_a_repeated_tick_asks_for_the_same_run(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.run(A)
    change(place, NOON, at=NOW + timedelta(minutes=1))

    first, second = (tick(place, datetime(2026, 11, 3, 14, 9, s, tzinfo=UTC)) for s in (1, 40))

    assert isinstance(first, dg.SensorResult)
    assert isinstance(second, dg.SensorResult)
    assert [r.run_key for r in first.run_requests or []] == [
        r.run_key for r in second.run_requests or []
    ]
