import json
from datetime import UTC, datetime, timedelta

import dagster as dg

from monitors.evaluate import Span
from orchestration.health.volume import volume_baseline
from orchestration.upkeep import build_activity, build_baseline
from tests.support.place import NOON, Place

EVENTS = ("web", "events", "api_requests")


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckResult]:
    return {e.check_name: e for e in result.get_asset_check_evaluations()}


def test_each_hour_says_how_many_rows_it_holds_and_how_many_came_late(place: Place) -> None:
    place.monitor("a")
    place.events("one", 3)

    result = place.run(EVENTS, first="2026-11-03-12:00", last="2026-11-03-13:00")

    found = result.asset_materializations_for_node("web__events")
    assert {e.partition: e.metadata["rows"].value for e in found} == {
        "2026-11-03-12:00": 3,
        "2026-11-03-13:00": 0,
    }
    assert [e.metadata["late_rows"].value for e in found] == [0, 0]


def test_stale_sources_show_in_the_freshness_check(place: Place) -> None:
    place.monitor("a")
    place.events("one", 3)

    fresh = place.run(EVENTS, now=NOON + timedelta(hours=3))
    late = place.run(EVENTS, now=NOON + timedelta(hours=3, minutes=30))

    assert checks(fresh)["freshness"].passed
    assert not checks(late)["freshness"].passed


def test_a_volume_far_from_the_same_hour_of_earlier_weeks_fails_its_check(place: Place) -> None:
    place.monitor("a")
    for week in range(1, 5):
        place.events("one", 100, at=NOON - timedelta(weeks=week))
    baseline = volume_baseline("api_requests")
    day = datetime(2026, 11, 3, tzinfo=UTC)
    build_activity(place.lake, baseline.activity, "web", Span(day - timedelta(days=28), day))
    build_baseline(place.lake, baseline, "web", day)

    place.events("one", 20)
    low = checks(place.run(EVENTS))["volume"]

    assert not low.passed
    assert low.metadata["state"].value == "low"
    assert low.severity == dg.AssetCheckSeverity.WARN


def test_without_history_the_volume_is_not_judged(place: Place) -> None:
    place.monitor("a")
    place.events("one", 3)

    volume = checks(place.run(EVENTS))["volume"]

    assert volume.passed
    assert volume.metadata["state"].value == "insufficient data"


def test_new_files_of_a_source_are_taken_in_and_bad_rows_counted(place: Place) -> None:
    place.monitor("a")
    log = place.root / "log.jsonl"
    good = {"event_id": "1", "occurred_at": "2026-11-03T12:30:00Z", "operation": "GET"}
    bad = {"event_id": "2", "occurred_at": "no time", "operation": "GET"}
    log.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n", encoding="utf-8")
    (place.root / "sources").mkdir()
    (place.root / "sources" / "web.toml").write_text(
        'product = "web"\ncontract = "api_requests"\npaths = ["../log.jsonl"]\n', encoding="utf-8"
    )

    result = place.run(EVENTS)
    again = place.run(EVENTS)

    (found,) = result.asset_materializations_for_node("web__events")
    assert found.metadata["rows"].value == 1
    assert checks(result)["quarantine"].metadata["rows"].value == 1
    assert not checks(result)["quarantine"].passed
    assert checks(again)["quarantine"].metadata["files_taken"].value == 0
