"""Intake and outbox in Dagster's own daemon: what was found an hour ago is told in Slack."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.deployment import prepare
from orchestration.partitions import key_of
from tests.support.place import Place
from tests.support.watches import CHANNEL, Watch, watches

ROOT = Path(__file__).parents[2]
DAEMON = Path(sys.executable).with_name("dagster-daemon")
DEFINITIONS = """
from pathlib import Path

import dagster as dg

from monitors.registry import discover
from orchestration.alerting import Alerting
from orchestration.resources import Clock
from orchestration.settings import load
from sensors.alerts import intake, outbox

found = discover(Path({monitors!r}), "test_daemon")
defs = dg.Definitions(
    sensors=[intake, outbox],
    resources={{"alerting": Alerting(load(), found), "clock": Clock()}},
)
"""


def found_lately(watch: Watch) -> None:
    """A monitor that found something urgent in the last whole hour."""
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    watch.place.monitor("a")
    path = watch.place.root / "monitors" / "web" / "a.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Severity.S2", "Severity.S1"), encoding="utf-8")
    watch.place.events("loud", 3, at=hour)
    keys = (("web", "monitors", "a"), ("web", "evaluations"))
    assert watch.place.run(*keys, first=key_of(hour, "1h"), now=now).success
    watch.promote("web/a")


def test_the_daemon_takes_in_and_tells_what_no_tick_did(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    with watches(place) as watch:
        found_lately(watch)
        prepare(watch.settings).dispose()
        definitions = place.root / "definitions.py"
        text = DEFINITIONS.format(monitors=str(place.root / "monitors"))
        definitions.write_text(text, encoding="utf-8")
        home = {"DAGSTER_HOME": str(watch.settings.dagster_home), "PYTHONPATH": str(ROOT)}
        daemon = subprocess.Popen(
            [str(DAEMON), "run", "--python-file", str(definitions)],
            cwd=ROOT,
            env={**os.environ, **watch.environment, **home},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            end = time.monotonic() + 150
            while not watch.slack.messages[CHANNEL]:
                assert daemon.poll() is None
                assert time.monotonic() < end, "nothing was told"
                time.sleep(0.5)
        finally:
            os.killpg(daemon.pid, signal.SIGKILL)  # the code server that it started, and itself
            daemon.wait(30)
        (message,) = watch.slack.messages[CHANNEL]
    assert message["text"].startswith("S1, urgent. A: web.")
