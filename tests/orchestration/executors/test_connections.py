"""Connections to a service are given back to the machine, whoever forgot to close them."""

import gc
from datetime import UTC, datetime
from pathlib import Path

from orchestration.executors.http import HttpExecutor
from tests.orchestration.reference_service.services import SECRET, order, running


def test_an_executor_that_is_dropped_leaves_no_connection_open(tmp_path: Path) -> None:
    with running(tmp_path, clock=lambda: datetime.now(UTC)) as client:
        executor = HttpExecutor(client.url, SECRET, clock=client.clock)
        assert executor.apply(order()).outcome == "applied"
        del executor
        gc.collect()  # a socket that is left open is a warning, and a warning fails a test


def test_an_executor_that_was_closed_connects_again(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        executor = client.executor()
        assert executor.apply(order()).outcome == "applied"
        executor.close()
        found = executor.find("k1")
        assert found is not None
        assert found.outcome == "applied"
