from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.slack.api import SlackApi
from orchestration.slack.web import WebSlack
from tests.support.slack_rooms import Room, rooms
from tests.support.slack_server import TOKEN, SlackServer, running


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Iterator[Room]:
    with rooms(ledger, tmp_path) as found:
        yield found


@pytest.fixture
def slack_server() -> Iterator[SlackServer]:
    with running() as slack:
        yield slack


@pytest.fixture
def slack(slack_server: SlackServer) -> SlackApi:
    return WebSlack(TOKEN, base_url=slack_server.base_url, timeout=1)
