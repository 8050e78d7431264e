import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from orchestration.selfwatch.beat import Missing
from orchestration.selfwatch.outcry import cry
from orchestration.settings import Settings, load
from orchestration.slack.disk import DiskSlack
from orchestration.slack.reach import slack_of
from orchestration.slack.web import WebSlack

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DEAD = Missing("daemon", NOON, "It gives no sign of life.")
LOST = Missing("ledger", NOON, "It cannot be read.")


def settings_of(tmp_path: Path, **more: str) -> Settings:
    return load({"WATCHFLOOR_HOME": str(tmp_path), **more})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


def look(settings: Settings, minutes: float, *found: Missing) -> tuple[str, ...]:
    return cry(settings, slack_of(settings), found, now=NOON + minutes * MINUTE)


def said(settings: Settings) -> list[str]:
    """The first words of what was posted, and the names in it."""
    posted = DiskSlack(settings.home / "slack").messages("C0WATCHFLOOR")
    return [
        " ".join([message.payload["text"].split(".")[0], *names])
        for message in posted
        for names in [
            [n for n in ("daemon", "ledger") if f"`{n}`" in json.dumps(message.payload["blocks"])]
        ]
    ]


@pytest.fixture
def hook() -> Iterator[tuple[str, list[str]]]:
    """A webhook, and what it was told."""
    got: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(json.loads(body)["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever, args=(0.005,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_thing_is_said_once_in_half_an_hour(settings: Settings) -> None:
    for minutes in (0, 1, 29):
        look(settings, minutes, DEAD)
    look(settings, 29.5, DEAD, LOST)
    look(settings, 30, DEAD, LOST)

    first = "Watchfloor needs attention: 1 failed or late"
    assert said(settings) == [f"{first} daemon", f"{first} ledger", f"{first} daemon"]


def test_that_all_is_well_is_said_once(settings: Settings) -> None:
    look(settings, 0, DEAD)
    look(settings, 5)
    look(settings, 6)

    assert said(settings)[1:] == ["Watchfloor is well again"]


def test_where_all_is_well_nothing_is_said(settings: Settings) -> None:
    assert look(settings, 0) == ()
    assert said(settings) == []


def test_what_comes_and_goes_is_said_once_with_its_end(settings: Settings) -> None:
    for minutes in range(0, 20, 2):
        look(settings, minutes, DEAD)
        look(settings, minutes + 1)

    assert len(said(settings)) == 2


def test_a_damaged_note_of_what_was_said_silences_nothing(settings: Settings) -> None:
    look(settings, 0, DEAD)
    (settings.home / "heartbeat.json").write_text('{"at": 3}', encoding="utf-8")

    look(settings, 1, DEAD)

    assert len(said(settings)) == 2


def test_a_clock_put_back_silences_nothing(settings: Settings) -> None:
    look(settings, 600, DEAD)
    look(settings, 0, DEAD)

    assert len(said(settings)) == 2


def test_where_slack_cannot_be_reached_the_second_notifier_is_told(
    tmp_path: Path, hook: tuple[str, list[str]]
) -> None:
    url, got = hook
    settings = settings_of(tmp_path, WATCHFLOOR_FALLBACK=url)
    nowhere = WebSlack("xoxb-1", base_url="http://127.0.0.1:9/api/")

    assert cry(settings, nowhere, [DEAD], now=NOON) == ()
    (text,) = got
    assert text.splitlines() == [
        "Watchfloor needs attention: 1 failed or late. watchfloor doctor",
        "daemon, since 2 Mar 12:00 UTC: It gives no sign of life.",
    ]


def test_a_folder_in_place_of_slack_does_not_keep_it_from_the_second_notifier(
    tmp_path: Path, hook: tuple[str, list[str]]
) -> None:
    url, got = hook
    settings = settings_of(tmp_path, WATCHFLOOR_FALLBACK=url)

    assert look(settings, 0, DEAD) == ()
    assert (len(got), len(said(settings))) == (1, 1)


def test_where_nobody_can_be_told_that_is_the_result_and_it_is_tried_again(
    tmp_path: Path,
) -> None:
    settings = settings_of(tmp_path, WATCHFLOOR_FALLBACK="http://127.0.0.1:9/hook")
    nowhere = WebSlack("xoxb-1", base_url="http://127.0.0.1:9/api/")

    failed = cry(settings, nowhere, [DEAD], now=NOON)

    assert [how.partition(":")[0] for how in failed] == ["Slack", "second notifier"]
    look(settings_of(tmp_path), 1, DEAD)
    assert len(said(settings)) == 1
