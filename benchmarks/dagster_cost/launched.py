"""How long a launched run takes to start: the real daemon and webserver, an empty job."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

LAUNCH = """
mutation { launchRun(executionParams: {
  selector: {repositoryLocationName: "watchfloor", repositoryName: "__repository__",
             jobName: "coverage_report"}, runConfigData: "{}", mode: "default"}) {
  __typename ... on LaunchRunSuccess { run { runId } } } }
"""
LOOK = (
    '{{ runOrError(runId: "{id}") {{ ... on Run {{ status creationTime startTime endTime }} }} }}'
)
PATIENCE = 120


def launched() -> str:
    """A sentence with the seconds from launch to start and from start to end."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-bench-") as home:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        program = Path(sys.executable).with_name("watchfloor")
        environment = {**os.environ, "WATCHFLOOR_HOME": home}
        with Path(home, "log").open("w", encoding="utf-8") as log:
            served = subprocess.Popen(
                [program, "dev", "--port", str(port)], env=environment, stdout=log, stderr=log
            )
            try:
                return _measure(f"http://127.0.0.1:{port}/graphql")
            finally:
                served.send_signal(signal.SIGINT)
                served.wait(timeout=60)


def _measure(address: str) -> str:
    deadline = time.monotonic() + PATIENCE
    run = _when(lambda: _ask(address, LAUNCH)["launchRun"]["run"]["runId"], deadline)
    query = LOOK.format(id=run)

    def ended() -> Any:  # noqa: ANN401 - JSON
        found = _ask(address, query)["runOrError"]
        return found if found["endTime"] else None

    found = _when(ended, deadline)
    start = found["startTime"] - found["creationTime"]
    return (
        f"A launched run: {start:.1f} s from launch to start, "
        f"{found['endTime'] - found['startTime']:.1f} s from start to end ({found['status']})."
    )


def _when(question: Any, deadline: float) -> Any:  # noqa: ANN401 - JSON
    while time.monotonic() < deadline:
        try:
            answer = question()
        except (OSError, KeyError, TypeError):
            answer = None  # it is not up yet
        if answer:
            return answer
        time.sleep(0.5)
    raise TimeoutError(f"No answer within {PATIENCE} s; look at the log of `watchfloor dev`.")


def _ask(address: str, query: str) -> Any:  # noqa: ANN401 - JSON
    body = json.dumps({"query": query}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
        return json.load(answer)["data"]
