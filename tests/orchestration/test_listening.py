"""`watchfloor slack listen` as a process of its own, over both ways in which Slack calls."""

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from orchestration.slack.http import PATH
from tests.support import slack_socket
from tests.support.copies import new_ledger
from tests.support.slack_rooms import PEOPLE, ROTA, Room, rooms, text_of
from tests.support.slack_server import TOKEN

WATCHFLOOR = Path(sys.executable).with_name("watchfloor")
A, SECRET = "account_aaaaaaaaaaaa", "8f742231b10e8888abcd99yyyzzz85a5"
SETTINGS = {
    "routes": 'routes: [{name: all, receiver: "C0ABUSE"}]\n',
    "rota": ROTA,
    "people": PEOPLE,
}


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Room]:
    """A room that was told of an alert."""
    engine = new_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    with rooms(engine, tmp_path) as room:
        room.fires(A)
        room.drain()
        yield room
    engine.dispose()


def environment(room: Room, home: Path, **more: str) -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith("WATCHFLOOR_")}
    files = {}
    for name, text in SETTINGS.items():
        (home / f"{name}.yaml").write_text(text, encoding="utf-8")
        files[name.upper()] = str(home / f"{name}.yaml")
    ours = {
        "HOME": str(home),
        "LEDGER": f"sqlite:///{home / 'ledger.db'}",
        "SLACK_TOKEN": TOKEN,
        "SLACK_URL": room.slack.base_url,
        **files,
        **more,
    }
    return {**mine, **{f"WATCHFLOOR_{name}": value for name, value in ours.items()}}


@contextmanager
def listener(found: dict[str, str], *options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [str(WATCHFLOOR), "slack", "listen", *options],
        env=found,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 90
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stopped(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Its exit code and what it logged, after it was told to stop."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    return process.returncode, log


def post(port: int, payload: object, *, secret: str) -> int:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(time.time()))
    signed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    headers = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signed.hexdigest()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", PATH, body=body, headers=headers if secret else {})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_click_over_socket_mode_is_done_answered_and_shown(told: Room, tmp_path: Path) -> None:
    with slack_socket.running() as sockets:
        opened = {"ok": True, "url": f"{sockets.socket_url}/link/?ticket=t"}
        told.slack._apps_connections_open = lambda _: opened  # type: ignore[attr-defined] # noqa: SLF001
        with listener(environment(told, tmp_path, SLACK_APP_TOKEN=TOKEN)) as process:
            sockets.wait_connections(1)
            clicked = told.press("ack")
            first = sockets.send(clicked)
            again = sockets.send(clicked)  # Slack repeats what it holds for unanswered
            sockets.wait_acks(first, again)
            until(lambda: bool(told.replies()), process)
            until(lambda: "Acked by ann-1" in text_of(told.parents()[0]), process)
            code, log = stopped(process)
    assert [answer.partition(" until")[0] for answer in told.answers()] == [
        "U0ANN0001: Done: ann-1 acked 1 alert"
    ]
    assert len(told.replies()) == 1
    assert (code, log) == (0, "")


def test_over_http_only_what_slack_signed_is_done(told: Room, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = environment(told, tmp_path, SLACK_SIGNING_SECRET=SECRET)
    before = told.everything()
    with listener(found, "--http", f"127.0.0.1:{port}") as process:
        until(lambda: is_open(port), process)
        clicked = told.press("ack")
        assert post(port, clicked, secret="") == 401
        assert post(port, clicked, secret="another") == 401  # noqa: S106 - opens nothing
        assert told.everything() == before
        assert post(port, clicked, secret=SECRET) == 200
        until(lambda: bool(told.replies()), process)
        code, log = stopped(process)
    assert len(told.answers()) == 1
    assert code == 0
    assert TOKEN not in log
    assert SECRET not in log


@pytest.mark.parametrize(
    ("options", "more", "said"),
    [
        ((), {}, "WATCHFLOOR_SLACK_APP_TOKEN is not set"),
        (("--http", "127.0.0.1:80"), {}, "WATCHFLOOR_SLACK_SIGNING_SECRET is not set"),
        (("--http", "80"), {"SLACK_SIGNING_SECRET": SECRET}, "wanted HOST:PORT"),
    ],
)
def test_what_is_missing_is_said(
    told: Room, tmp_path: Path, options: tuple[str, ...], more: dict[str, str], said: str
) -> None:
    with listener(environment(told, tmp_path, **more), *options) as process:
        _, log = process.communicate(timeout=60)
    assert said in " ".join(log.split())
    assert process.returncode != 0
    assert TOKEN not in log
