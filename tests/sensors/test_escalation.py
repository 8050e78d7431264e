from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.alerting import Alerting
from orchestration.resources import Clock
from sensors.escalation import escalation
from tests.orchestration.escalation.builders import FIRED
from tests.sensors.installations import installed, queued

MINUTE = timedelta(minutes=1)


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    found = installed(tmp_path, fires=True)
    yield found
    found.engine.dispose()


def tick(alerting: Alerting, now: datetime) -> str:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance,
            resources={"alerting": alerting, "clock": Clock(at=now.isoformat())},
            sensor_name="escalation",
        )
        with context:
            result = escalation(context)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def test_it_runs_by_itself_each_half_minute() -> None:
    assert escalation.default_status is dg.DefaultSensorStatus.RUNNING
    assert escalation.minimum_interval_seconds == 30


def test_a_tick_takes_the_steps_that_are_due(alerting: Alerting) -> None:
    said = tick(alerting, FIRED + MINUTE)

    assert said == "1 begun, 1 steps, 1 messages, 0 stopped; 1 hand-overs."
    assert queued(alerting.settings, "escalation") == ["U0ANN0001"]


def test_a_tick_that_is_repeated_after_a_crash_repeats_nothing(alerting: Alerting) -> None:
    for _ in range(2):
        tick(alerting, FIRED + 10 * MINUTE)

    assert sorted(queued(alerting.settings, "escalation")) == ["U0ANN0001", "U0BOB0002"]
    assert len(queued(alerting.settings, "handover")) == 1


def test_a_hand_over_that_has_come_is_queued(alerting: Alerting) -> None:
    said = tick(alerting, FIRED.replace(hour=8, minute=0) + timedelta(days=1))

    assert said.endswith("; 1 hand-overs.")
    assert queued(alerting.settings, "handover") == ["C0ABUSE"]


def test_with_a_rota_that_is_wrong_the_last_sound_one_goes_on(alerting: Alerting) -> None:
    tick(alerting, FIRED)
    alerting.settings.rota.write_text("rotas: [", encoding="utf-8")

    tick(alerting, FIRED + 10 * MINUTE)

    assert queued(alerting.settings, "escalation") == ["U0ANN0001", "U0BOB0002"]
