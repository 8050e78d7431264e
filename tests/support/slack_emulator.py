"""The Slack of npm's `emulate`, started on a free port and stopped by its own pid."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".ci" / "node" / "node_modules"
NODE, EMULATE = MODULES / ".bin" / "node", MODULES / ".bin" / "emulate"
INSTALL = "npm install --prefix .ci/node --no-package-lock"
TOKEN = "test_token_admin"  # noqa: S105 - the emulator's own
CHANNEL, USER = "C000000001", "U000000001"
SECONDS = 60


class Emulator:
    """A running one."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/api/"

    def ask(self, method: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """One request, as somebody other than the code under test."""
        request = urllib.request.Request(  # noqa: S310 - our own server
            self.base_url + method,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            return json.load(answer)


@contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    """An emulator, once it answers; its log goes into the folder."""
    if not (NODE.exists() and EMULATE.exists()):
        pytest.skip(f"needs npm's emulate: {INSTALL}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = folder / "emulate.log"
    with path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [NODE, EMULATE, "start", "--service", "slack", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        try:
            emulator = Emulator(port)
            _wait(emulator, process, path)
            yield emulator
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(emulator: Emulator, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            assert emulator.ask("auth.test")["ok"]
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))
