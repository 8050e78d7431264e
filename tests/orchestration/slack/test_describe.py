"""What the second notifier is told: of every thread, and never nothing."""

from monitors.contract import Severity
from orchestration.ledger.database import writing
from orchestration.ledger.tables import threads
from orchestration.outbox.drain import Drained
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Result, Sent
from orchestration.outbox.work import Work
from tests.orchestration.alerts.builders import START, THEFT, evaluation, finding
from tests.support.slack_rooms import Room
from tests.support.slack_server import Fault

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"


class Elsewhere:
    def __init__(self, room: Room) -> None:
        self.room = room
        self.texts: list[str] = []

    def __call__(self, work: Work, seen: Progress) -> Result:
        del seen
        self.texts.append(self.room.delivery().describe(work))
        return Sent()


def test_many_that_go_elsewhere_as_one_are_all_named(room: Room) -> None:
    second = Elsewhere(room)
    room.fires(A, severity=Severity.S1)
    stolen = finding(11, B, monitor=THEFT, severity=Severity.S1)
    room.step(12, evaluation(11, monitor=THEFT), found=[stolen])
    for _ in range(12):
        room.slack.fail("chat.postMessage", Fault(status=503, body="down"))
        room.drain(fallback=second, seconds=1)
        room.later(61)
    text = "\n".join(second.texts)
    assert "Mass dm: chat." in text
    assert "Key theft: api." in text
    assert A not in text
    assert B not in text


def test_what_cannot_be_shown_is_said_to_be_so_and_not_tried_for_ever(room: Room) -> None:
    second = Elsewhere(room)
    room.fires(A)
    with writing(room.engine) as connection:
        connection.execute(threads.update().values(closed_at=START))  # before anything was in it
    assert room.drain(fallback=second) == Drained(refused=1)
    assert second.texts == ["Watchfloor has news that it cannot show: watchfloor alerts list"]
