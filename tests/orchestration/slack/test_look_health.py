import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from monitors.registry import Registry
from orchestration.lake import Lake
from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Intent, enqueue, waiting
from orchestration.ledger.tables import intake
from orchestration.outbox.work import alone
from orchestration.selfwatch.faults import Fault
from orchestration.selfwatch.problems import keep
from orchestration.slack.look import Scene
from orchestration.slack.look_health import message
from orchestration.slack.message import Message
from tests.orchestration.escalation.builders import RULES
from tests.support.ledgers import NOON

MINUTE = timedelta(minutes=1)
CHECK = Fault("check", "web/monitors/scraping:evaluated")
LATE = Fault("asset", "web/monitors/scraping")
STUCK = Fault("outbox", "outbox", page=True)
BEHIND = Fault("intake", "intake", page=True)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(
        lake=Lake(str(tmp_path / "lake")),
        registry=Registry({}, {}),
        watched={},
        rules=RULES,
        dagster_url="https://dagster.example.com",
        interactive=True,
    )


def look(ledger: Engine, minutes: float, *faults: Fault) -> None:
    keep(ledger, faults, receiver="C0WATCHFLOOR", now=NOON + minutes * MINUTE)


def last(ledger: Engine, scene: Scene, minutes: float) -> tuple[Message, str]:
    """The newest message, and what its blocks say."""
    now = NOON + minutes * MINUTE
    with reading(ledger) as connection:
        rows = [row for row in waiting(connection, now, 100) if row.kind == "health"]
        newest = max(rows, key=lambda row: row.seq)
        found = message(connection, scene, alone(newest), now)
    return found, json.dumps(found.blocks, ensure_ascii=False)


def test_each_problem_is_a_line_with_its_page(ledger: Engine, scene: Scene) -> None:
    runs, wrong = Fault("run", "hourly_tick", page=True), Fault("settings", "rota")
    look(ledger, 0, CHECK, LATE, Fault("tick", "intake", page=True), runs, wrong)

    found, said = last(ledger, scene, 0)

    assert found.text.startswith("Watchfloor needs attention: 5 failed or late.")
    base = "https://dagster.example.com/assets/web/monitors/scraping"
    assert "*Check failed:* `web/monitors/scraping:evaluated` since" in said
    assert f"<{base}?view=checks&amp;checkDetail=evaluated|Open in Dagster>" in said
    assert "*Asset late:* `web/monitors/scraping` since" in said
    assert f"<{base}|Open in Dagster>" in said
    assert "*Tick failed:* `intake` since" in said
    assert "*Tick failed:* `hourly_tick` since" in said
    assert "*Check failed:* `settings rota` since" in said


def test_what_waits_is_told_by_its_age(ledger: Engine, scene: Scene) -> None:
    old = Intent("o1", "notice", "C0ABUSE", {"n": 1}, NOON)
    row = {
        **dict.fromkeys(("partition", "partition_end", "as_of", "at"), NOON),
        "monitor": "web/scraping",
        "version": 1,
        "status": "complete",
        "intent": "live",
        "digest": "d",
        "findings": 0,
        "audit_seq": 1,
    }
    with writing(ledger) as connection:
        enqueue(connection, intents=[old], audit_seq=1, now=NOON)
        connection.execute(insert(intake), row)
    look(ledger, 150, STUCK, BEHIND)

    _, said = last(ledger, scene, 150)

    assert "*Notices wait.* The oldest for 2 h 30 min." in said
    assert "*Findings wait.* The last intake was 2 h 30 min ago." in said


def test_what_lasts_is_told_as_such(ledger: Engine, scene: Scene) -> None:
    look(ledger, 0, CHECK)
    look(ledger, 240, CHECK)

    _, said = last(ledger, scene, 240)

    assert "It lasts. Its newest evaluation failed." in said


def test_an_end_is_told_beside_what_goes_on(ledger: Engine, scene: Scene) -> None:
    look(ledger, 0, CHECK, LATE)
    look(ledger, 30, CHECK)

    found, said = last(ledger, scene, 30)

    before, _, over = said.partition("*Over:*")
    assert "*Asset late:* `web/monitors/scraping` from" in over
    assert "2 Mar 12:00 UTC>." in over
    assert "1 told before still goes on." in before
    assert "evaluated" not in said
    assert found.text.startswith("Watchfloor needs attention: 1 failed or late.")


def test_what_ended_before_it_was_told_is_over(ledger: Engine, scene: Scene) -> None:
    look(ledger, 0, CHECK)
    look(ledger, 10, CHECK, LATE, STUCK)
    look(ledger, 45, CHECK)
    now = NOON + 45 * MINUTE
    with reading(ledger) as connection:
        rows = [row for row in waiting(connection, now, 100) if row.kind == "health"]
        (second,) = [row for row in rows if row.created_at == NOON + 10 * MINUTE]
        late = message(connection, scene, alone(second), now)
    _, _, over = json.dumps(late.blocks, ensure_ascii=False).partition("*Over:*")

    assert "*Asset late:* `web/monitors/scraping` from" in over
    assert "*Notices waited:* `outbox` from" in over
    assert late.text.startswith("Watchfloor needs attention: 1 failed or late.")


def test_the_last_end_says_that_all_is_well(ledger: Engine, scene: Scene) -> None:
    look(ledger, 0, CHECK, LATE)
    look(ledger, 30)

    found, said = last(ledger, scene, 30)

    assert found.text.startswith("Watchfloor is well again.")
    assert "*All of it is over:*" in said
    assert said.count("`web/monitors/scraping") == 2


def test_of_many_twenty_are_shown_and_the_others_counted(ledger: Engine, scene: Scene) -> None:
    look(ledger, 0, *(Fault("asset", f"web/monitors/m{number}") for number in range(64)))

    _, said = last(ledger, scene, 0)

    assert said.count("*Asset late:*") == 20
    assert "and 44 more" in said
