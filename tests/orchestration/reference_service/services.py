"""The reference service for tests: in this process with a clock of its own, or as a programme."""

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Order
from orchestration.executors.signing import signed
from orchestration.reference_service.faults import Faults
from orchestration.reference_service.server import serve

ROOT = Path(__file__).parents[3]
SECRET = b"of-the-tests-of-the-tests-of-the-tests"
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
CANARY = "canary-7f3a"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Client:
    """One who has the secret. What it made is closed with `close`."""

    url: str
    clock: Callable[[], datetime]
    made: list[HttpExecutor] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def executor(self, secret: bytes = SECRET, **more: Any) -> HttpExecutor:  # noqa: ANN401 - its other arguments
        given: dict[str, Any] = {"clock": self.clock, "sleep": self.slept.append, **more}
        self.made.append(HttpExecutor(self.url, secret, **given))
        return self.made[-1]

    def close(self) -> None:
        for executor in self.made:
            executor.close()

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """A signed request; the headers given win."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        sent = {**signed(SECRET, method, path, raw, now=self.clock()), **headers}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, raw, sent)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def put(self, target: str = "u1", target_type: str = "account", **fields: object) -> None:
        """Set fields by hand."""
        one = {"target_type": target_type, "target": target, "fields": fields}
        assert self.ask("PUT", "/v1/targets", {"targets": [one]})[0] == 200

    def value(self, target: str = "u1", name: str = "access") -> object:
        status, found = self.ask("GET", f"/v1/targets/account/{target}")
        assert status == 200
        return found["fields"][name]["value"]

    def log(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.ask("GET", "/v1/log")[1]["log"]
        return lines

    def effects(self) -> list[tuple[str, str | None]]:
        """What happened but for setting up: kind and key."""
        return [(line["kind"], line["key"]) for line in self.log() if line["kind"] != "by_hand"]


def order(key: str = "k1", target: str = "u1", **more: Any) -> Order:  # noqa: ANN401 - any part of it
    """A suspension for ever, unless told otherwise."""
    usual: dict[str, Any] = {
        "target_type": "account",
        "action": "suspend_account",
        "action_class": "access",
        "value": '"suspended"',
        "until": None,
    }
    return Order(key=key, target=target, **{**usual, **more})


@contextmanager
def running(
    folder: Path, *, faults: Faults | None = None, clock: Callable[[], datetime] | None = None
) -> Iterator[Client]:
    """The service in this process, with one active account u1."""
    clock = clock or Clock()
    with serve(folder / "state.db", SECRET, clock=clock, faults=faults) as url:
        client = Client(url, clock)
        client.put(access="active")
        try:
            yield client
        finally:
            client.close()


@dataclass
class Programme:
    """The service as a programme of its own, which may be killed and started again."""

    folder: Path
    faults: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> Client:
        secret, faults = self.folder / "secret", self.folder / "faults.json"
        secret.write_bytes(SECRET + b"\n")
        faults.write_text(json.dumps(self.faults))
        command = [sys.executable, "-m", "orchestration.reference_service"]
        command += ["--state", str(self.folder / "state.db"), "--secret-file", str(secret)]
        command += ["--faults", str(faults), "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        self.port = urlsplit(url).port or 0
        return Client(url, lambda: datetime.now(UTC))

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode


@contextmanager
def programme(folder: Path, **faults: object) -> Iterator[Programme]:
    """A programme that is not running when the test is over."""
    made = Programme(folder, faults)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.kill()
