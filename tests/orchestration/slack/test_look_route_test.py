import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.registry import Registry
from orchestration.lake import Lake
from orchestration.launch.drills import try_route
from orchestration.ledger.database import reading
from orchestration.ledger.outbox import waiting
from orchestration.oncall.roles import Role
from orchestration.outbox.work import alone
from orchestration.slack.look import Scene
from orchestration.slack.look_route_test import message
from tests.orchestration.escalation.builders import RULES
from tests.support.enforcement import somebody
from tests.support.ledgers import NOON

LEFT = somebody("gone-1", Role.ONCALL)


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (20, True)])
def test_a_test_of_a_channel_shows_its_nonce_its_end_and_how_late_it_is(
    ledger: Engine, tmp_path: Path, minutes: int, *, late: bool
) -> None:
    scene = Scene(Lake(str(tmp_path)), Registry({}, {}), {}, RULES, "", interactive=True)
    try_route(ledger, LEFT, "C0ABUSE", nonce="7f3a09c2", now=NOON)
    now = NOON + timedelta(minutes=minutes)
    with reading(ledger) as connection:
        (row,) = waiting(connection, now, 10)
        found = message(connection, scene, alone(row), now)

    said = json.dumps(found.blocks)
    assert found.text == (
        "Watchfloor tests this channel; nothing happened. Answer until 2 Mar 13:00 UTC: "
        "watchfloor launch answer 7f3a09c2"
    )
    assert "Nothing happened: gone-1 wants to know" in said
    assert ("20 min" in said) is late
