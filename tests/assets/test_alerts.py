import json
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from orchestration.jobs import ALERTS
from tests.orchestration.intake.builders import contents
from tests.support.place import COUNT, NOON, NOW, Place
from tests.support.slack_server import Fault
from tests.support.watches import CHANNEL, Watch, watches

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CANARY, EVIDENCE = "canary-81d1@example.com", "canary-evidence-5b2c"
WITH_EVIDENCE = COUNT.format(every="1h") + f'.with_columns(agent=pl.lit("{EVIDENCE}"))'


@pytest.fixture
def watch(place: Place) -> Iterator[Watch]:
    with watches(place) as found:
        yield found


@pytest.fixture
def firing(watch: Watch) -> Watch:
    """Something to be found in the hour of noon, by a monitor that may tell people."""
    watch.place.monitor("a")
    watch.place.events("loud", 3)
    watch.promote("web/a")
    return watch


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node("watchfloor__alerts")
    return {name: getattr(value, "value", value) for name, value in event.metadata.items()}


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    found = result.get_asset_check_evaluations()
    return {one.check_name: one for one in found if one.asset_key == ALERTS}


def test_a_tick_ends_with_what_it_found_being_told(firing: Watch) -> None:
    result = firing.tick()

    assert result.success
    (message,) = firing.slack.messages[CHANNEL]
    assert "[S2] A: web" in json.dumps(message)
    found = metadata(result)
    counted = ("evaluations_taken_in", "findings_taken_in", "notices", "messages_sent")
    assert [found[name] for name in counted] == [1, 1, 1, 1]
    (row,) = found["alerts"].records
    assert dict(row.data) == {"severity": "S2", "state": "firing", "alerts": 1}
    assert (found["alerts_in_shadow"], found["pages_last_shift"]) == (0, 0)
    assert found["minutes_to_ack"] == "nobody acked yet"
    assert {name: one.passed for name, one in checks(result).items()} == {
        "settings": True,
        "outbox": True,
        "intake": True,
    }


def test_what_a_monitor_in_shadow_finds_is_counted_and_told_to_nobody(watch: Watch) -> None:
    watch.place.monitor("a")
    watch.place.events("loud", 3)

    result = watch.tick()

    assert metadata(result)["alerts_in_shadow"] == 1
    assert watch.slack.calls == []


def test_nothing_that_names_anybody_leaves_the_lake(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    watch.place.monitor("a", body=WITH_EVIDENCE)
    watch.place.events(CANARY, 3)
    watch.promote("web/a")

    result = watch.tick()
    alerting = watch.alerting()
    with_ledger = json.dumps(contents(alerting.engine))
    alerting.engine.dispose()

    assert metadata(result)["messages_sent"] == 1
    (found,) = Path(watch.place.lake.root, "findings").rglob("*.parquet")
    assert EVIDENCE in pl.read_parquet(found)["evidence"][0]
    assert CANARY in pl.read_parquet(found)["entity"][0]
    events = watch.place.instance.all_logs(result.run_id)
    for told in (
        json.dumps(watch.slack.calls),
        json.dumps(watch.slack.messages),
        "".join(str(event.dagster_event) + event.user_message for event in events),
        with_ledger,
        caplog.text,
    ):
        assert len(told) > 100
        assert CANARY not in told
        assert EVIDENCE not in told


def test_a_tick_that_is_repeated_repeats_nothing(firing: Watch) -> None:
    firing.tick()
    before = json.dumps(firing.slack.messages)

    again = metadata(firing.tick(NOW + MINUTE))

    assert [again[name] for name in ("findings_taken_in", "notices", "messages_sent")] == [1, 0, 0]
    assert json.dumps(firing.slack.messages) == before


def test_wrong_routes_keep_the_old_ones_in_force_and_the_check_names_every_line(
    firing: Watch,
) -> None:
    firing.place.events("other", 3, at=NOON + HOUR)
    firing.tick()
    wrong = "routes:\n  - {name: all, reciever: C0OTHER}\nmemory: soon\n"
    firing.routes.write_text(wrong, encoding="utf-8")

    result = firing.tick(NOW + HOUR, hour=13)

    assert metadata(result)["messages_sent"] == 1
    assert "thread_ts" in firing.slack.messages[CHANNEL][1]
    found = checks(result)["settings"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    text = str(found.metadata["routes"].value)
    assert "routes.yaml:2:" in text
    assert "routes.yaml:3:" in text


def test_what_does_not_leave_for_five_minutes_is_a_failed_check(firing: Watch) -> None:
    firing.slack.fail("chat.postMessage", *[Fault(status=503, body="down")] * 9)

    assert checks(firing.tick())["outbox"].passed
    late = checks(firing.run("intake_run", now=NOW + 6 * MINUTE))["outbox"]

    assert (late.passed, late.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert late.metadata["oldest_is_late_by_seconds"].value == 360.0
    firing.slack._faults.clear()  # noqa: SLF001 - it is well again
    assert checks(firing.run("intake_run", now=NOW + 8 * MINUTE))["outbox"].passed


def test_findings_that_are_not_those_of_their_manifest_are_a_warning(firing: Watch) -> None:
    firing.tick()
    (found,) = Path(firing.place.lake.root, "findings").rglob("*.parquet")
    (manifest,) = Path(firing.place.lake.root, "manifests").rglob("*.json")
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(NOW.isoformat(), (NOW + HOUR).isoformat()), encoding="utf-8")
    found.unlink()

    check = checks(firing.run("intake_run"))["intake"]

    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["unready"].value == 1


def test_the_job_of_the_alerts_alone_reads_what_a_tick_would_pass_over(firing: Watch) -> None:
    firing.place.run(("web", "monitors", "a"), ("web", "evaluations"))
    for path in Path(firing.place.lake.root, "manifests").rglob("*"):
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    firing.place.events("other", 1, at=NOON + HOUR)

    assert metadata(firing.tick(hour=13))["findings_taken_in"] == 0
    assert metadata(firing.run("intake_run"))["findings_taken_in"] == 1
    assert len(firing.slack.messages[CHANNEL]) == 1


def test_one_monitor_that_fails_keeps_nobody_from_being_told(firing: Watch) -> None:
    firing.place.monitor("b", body='api_requests.select("no_such_column")')

    result = firing.tick()

    assert result.success
    assert len(firing.slack.messages[CHANNEL]) == 1


def test_every_tick_ends_with_the_alerts(firing: Watch) -> None:
    firing.place.monitor("c", cadence="5m")
    definitions = firing.definitions()
    for name in ("hourly_tick", "daily_tick", "fresh_tick", "intake_run"):
        job = definitions.resolve_job_def(name)
        assert ALERTS in job.asset_layer.executable_asset_keys, name


def test_the_daily_tick_tells_too(watch: Watch) -> None:
    watch.place.monitor("a", cadence="daily")
    watch.place.events("loud", 3)
    watch.promote("web/a")

    result = watch.run("daily_tick", partition="2026-11-03", now=NOW + 22 * HOUR)

    assert metadata(result)["messages_sent"] == 1
