"""Cases, enforcement and appeals in Dagster's own daemon: what is decided is done and told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from orchestration.deployment import prepare
from orchestration.ledger.database import reading
from orchestration.ledger.tables import notices
from tests.support.operations import Operation, operations
from tests.support.place import NOW, Place

ROOT = Path(__file__).parents[2]
DAEMON = Path(sys.executable).with_name("dagster-daemon")
DEFINITIONS = """
from pathlib import Path

import dagster as dg

from assets.operations import OPERATIONS
from monitors.registry import discover
from orchestration.alerting import Alerting
from orchestration.deployment import EXECUTOR
from orchestration.jobs import OF_OPERATIONS, jobs
from orchestration.resources import Clock
from orchestration.settings import load
from orchestration.working import Working
from sensors.appeals import appeals
from sensors.cases import cases
from sensors.enforcement import enforcement
from sensors.sla import sla

alerting = Alerting(load(), discover(Path({monitors!r}), "test_operations_daemon"))
defs = dg.Definitions(
    assets=OPERATIONS,
    jobs=[job for job in jobs(OPERATIONS) if job.name in OF_OPERATIONS],
    sensors=[cases, enforcement, appeals, sla],
    resources={{
        "alerting": alerting, "working": Working(alerting), "clock": Clock(at={now!r})
    }},
    executor=EXECUTOR,
)
"""


def sent(operation: Operation) -> bool:
    """Whether the user was told."""
    with operation.working() as working, reading(working.engine) as connection:
        return list(connection.scalars(select(notices.c.state))) == ["sent"]


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 130
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.5)


@pytest.mark.timeout(450)
def test_the_daemon_opens_a_case_and_carries_out_what_is_decided(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    with operations(place) as operation:
        operation.finds("loud")
        settings = operation.watch.settings
        prepare(settings).dispose()
        definitions = place.root / "definitions.py"
        text = DEFINITIONS.format(monitors=str(place.root / "monitors"), now=NOW.isoformat())
        definitions.write_text(text, encoding="utf-8")
        home = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONPATH": str(ROOT)}
        daemon = subprocess.Popen(
            [str(DAEMON), "run", "--python-file", str(definitions)],
            cwd=ROOT,
            env={**os.environ, **operation.watch.environment, **home},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: len(operation.cases()) == 1, daemon)
            operation.decides(operation.cases()[0])
            until(lambda: operation.value("loud") == "contacts_only", daemon)
            until(lambda: sent(operation), daemon)
        finally:
            os.killpg(daemon.pid, signal.SIGKILL)  # its code server and runs, and itself
            daemon.wait(30)
        assert [kind for kind, _ in operation.client.effects()] == ["applied", "notice"]
