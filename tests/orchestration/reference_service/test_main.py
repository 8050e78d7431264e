import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.orchestration.reference_service.services import (
    ROOT,
    SECRET,
    Clock,
    order,
    programme,
    running,
)


def started(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The programme, where it cannot be started."""
    command = [sys.executable, "-m", "orchestration.reference_service"]
    command += ["--state", str(folder / "state.db"), "--secret-file", str(folder / "secret"), *more]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_says_where_it_is_and_stops_when_told_though_a_connection_is_open(
    tmp_path: Path,
) -> None:
    with programme(tmp_path) as service:
        client = service.start()
        assert client.url == f"http://127.0.0.1:{service.port}"
        client.put(access="active")
        executor = client.executor()
        executor.apply(order())
        assert service.stop() == 0
        client.close()


@pytest.mark.parametrize(
    ("secret", "said"), [(None, "No such file"), (b"hunter2", "wanted 32 bytes at least")]
)
def test_without_a_secret_it_does_not_start(
    tmp_path: Path, secret: bytes | None, said: str
) -> None:
    if secret:
        (tmp_path / "secret").write_bytes(secret)
    ended = started(tmp_path)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


def test_a_state_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "state.db").write_bytes(b"no database" * 100)
    ended = started(tmp_path)
    assert (ended.returncode, "The state cannot be used" in ended.stderr) == (1, True)


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    with closing(sqlite3.connect(tmp_path / "state.db")) as state:
        state.execute("PRAGMA user_version = 9")
    ended = started(tmp_path)
    assert (ended.returncode, "of version 9; wanted 1" in ended.stderr) == (1, True)


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = started(tmp_path, "--port", str(port))
    assert (ended.returncode, f"Port {port} cannot be had" in ended.stderr) == (1, True)


def test_two_services_on_one_state_do_each_key_once(tmp_path: Path) -> None:
    with running(tmp_path) as one, running(tmp_path) as other:
        receipt = one.executor().apply(order())
        assert other.executor().apply(order()) == receipt
        assert [kind for kind, _ in one.effects()] == ["applied"]


def test_a_service_in_this_process_may_have_any_time(tmp_path: Path) -> None:
    clock = Clock()
    with running(tmp_path, clock=clock) as client:
        clock.forward(days=400)
        assert client.executor().apply(order()).outcome == "applied"
