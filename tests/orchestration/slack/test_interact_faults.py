"""Clicks that cannot be done: who pressed hears of it, and never takes it for done."""

from pathlib import Path

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from orchestration.ledger.database import writing
from orchestration.ledger.tables import outbox, threads, told
from tests.orchestration.slack.test_interact import submission
from tests.support.ledgers import NOON
from tests.support.slack_rooms import Room

A = "account_aaaaaaaaaaaa"
ANN = "U0ANN0001"
FAILED = (
    f"{ANN}: This failed, and may not have been done. Look at the thread in a minute; if nothing "
    "of it shows there, press again. Nothing is done twice."
)


@pytest.fixture
def shown(room: Room) -> Room:
    """A room that was told of an alert."""
    room.fires(A)
    room.drain()
    return room


def lose(room: Room, table: str) -> None:
    """Make the database fail wherever a table is asked for."""
    with writing(room.engine) as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO lost"))


@pytest.mark.parametrize("action", ["ack", "assign", "snooze:1h"])
def test_a_click_in_which_the_ledger_fails_is_answered_and_raised(shown: Room, action: str) -> None:
    clicked = shown.press(action)
    lose(shown, "silences")
    with pytest.raises(DBAPIError):
        shown.interactions().handle(clicked)
    assert shown.answers() == [FAILED]


def test_a_dialogue_in_which_the_ledger_fails_is_answered_and_raised(shown: Room) -> None:
    shown.interactions().handle(shown.press("false_positive"))
    sent = submission(shown.slack.shown.pop()["view"], shown.alert(A).alert_id)
    lose(shown, "labels")
    with pytest.raises(DBAPIError):
        shown.interactions().handle(sent)
    assert shown.answers() == [FAILED]


def test_a_click_that_failed_can_be_repeated(shown: Room) -> None:
    clicked = shown.press("ack")
    lose(shown, "silences")
    with pytest.raises(DBAPIError):
        shown.interactions().handle(clicked)
    with writing(shown.engine) as connection:
        connection.execute(text("ALTER TABLE lost RENAME TO silences"))
    shown.interactions().handle(clicked)
    assert shown.answers()[1].startswith(f"{ANN}: Done: ann-1 acked 1 alert until ")


def test_a_dialogue_does_not_wait_for_the_lake(shown: Room) -> None:
    path = Path(str(shown.scene(NOON).lake.day_path("evaluations", "chat", NOON)))
    path.parent.mkdir(parents=True)
    path.write_text("no table, so that reading it fails", encoding="utf-8")
    shown.interactions().handle(shown.press("false_positive"))
    assert [set(found) for found in shown.slack.shown] == [{"trigger_id", "view"}]


def test_a_click_on_a_thread_of_which_nothing_is_known_any_more_is_refused(shown: Room) -> None:
    clicked = shown.press("false_positive")
    with writing(shown.engine) as connection:
        connection.execute(threads.update().values(closed_at=NOON))
        connection.execute(delete(told))
        connection.execute(delete(outbox))
    shown.interactions().handle(clicked)
    (answer,) = shown.answers()
    assert answer.startswith(f"{ANN}: Nothing was done. No alert of thread ")
    assert "is known any more" in answer
