"""A whole life of a group in the Slack of npm's `emulate`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from orchestration.alerts.rules import Config
from orchestration.outbox.drain import Drained
from orchestration.slack.web import WebSlack
from tests.support import slack_emulator
from tests.support.slack_emulator import CHANNEL, TOKEN, Emulator
from tests.support.slack_rooms import Room, text_of

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"


def thread(emulator: Emulator, ts: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.ask("conversations.replies", channel=CHANNEL, ts=ts)[
        "messages"
    ]
    return found


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_group_fires_grows_is_acked_and_ends_in_one_thread(
    ledger: Engine, tmp_path: Path
) -> None:
    room = Room(ledger, folder=tmp_path)
    room.config = Config((replace(room.config.routes[0], receiver=CHANNEL),))
    with slack_emulator.running(tmp_path) as emulator:
        api = WebSlack(TOKEN, base_url=emulator.base_url)
        room.fires(A)
        assert room.drain(api) == Drained(sent=1)
        room.fires(A, B, minute=2)
        assert room.drain(api) == Drained(sent=1)
        room.ack(CHANNEL)
        room.drain(api)
        room.tick(12)
        room.tick(13)
        room.later(3 * 3600)
        assert room.drain(api).sent == 1
        ts = room.thread(CHANNEL).ts
        assert ts is not None
        parent, *replies = thread(emulator, ts)
    assert "[S2, resolved] Mass dm: chat" in text_of(parent)
    shown = [text_of(reply) for reply in replies]
    assert len(shown) == 3
    assert "1 more alert." in shown[0]
    assert "ann-1 acked 2 alerts" in shown[1]
    assert "Over: everything here is resolved." in shown[2]
