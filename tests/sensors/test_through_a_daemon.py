"""The sensors in Dagster's own daemon, and what is seen when that daemon is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.deployment import prepare
from orchestration.selfwatch.beat import missing
from orchestration.settings import Settings, load
from tests.sensors.installations import environment, installed, queued

ROOT = Path(__file__).parents[2]
DAEMON = Path(sys.executable).with_name("dagster-daemon")
MINUTE = timedelta(minutes=1)
DEFINITIONS = """
import dagster as dg

from monitors.registry import Registry
from orchestration.alerting import Alerting
from orchestration.resources import Clock
from orchestration.settings import load
from orchestration.working import Working
from sensors.escalation import escalation
from sensors.health import health

none = Registry({}, {})
found = Alerting(load(), none)
defs = dg.Definitions(
    sensors=[escalation, health(none, [], [])],
    resources={"alerting": found, "working": Working(found), "clock": Clock()},
)
"""


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something holds, as long as the process lives and for two minutes at most."""
    end = time.monotonic() + 120
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.5)


def started(root: Path, settings: Settings) -> subprocess.Popen[bytes]:
    (root / "definitions.py").write_text(DEFINITIONS, encoding="utf-8")
    return subprocess.Popen(
        [str(DAEMON), "run", "--python-file", str(root / "definitions.py")],
        cwd=ROOT,
        env={
            **os.environ,
            **environment(root),
            "DAGSTER_HOME": str(settings.dagster_home),
            "PYTHONPATH": str(ROOT),
        },
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    alerting = installed(tmp_path, fires=True)
    alerting.engine.dispose()
    prepare(alerting.settings).dispose()
    return load(environment(tmp_path))


def names(settings: Settings, now: datetime) -> set[str]:
    """What does not beat, the outbox apart: nothing drains it here."""
    return {one.name for one in missing(settings, job="hourly_tick", now=now)} - {"outbox"}


def test_both_sensors_run_in_a_daemon_and_its_death_is_noticed(
    tmp_path: Path, settings: Settings
) -> None:
    assert names(settings, datetime.now(UTC)) == {"daemon"}
    daemon = started(tmp_path, settings)
    try:
        until(lambda: bool(queued(settings, "escalation")), daemon)
        until(lambda: bool(queued(settings, "health")), daemon)
        until(lambda: names(settings, datetime.now(UTC)) == set(), daemon)
        os.kill(daemon.pid, signal.SIGKILL)
        assert daemon.wait(30) == -signal.SIGKILL
    finally:
        os.killpg(daemon.pid, signal.SIGKILL)  # the code server that it started, and itself
        daemon.wait(30)

    assert len(queued(settings, "escalation")) == 3
    assert len(queued(settings, "health")) == 1
    assert names(settings, datetime.now(UTC) + 6 * MINUTE) == {"daemon"}
