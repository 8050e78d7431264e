from datetime import timedelta

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.acts.group import ack
from orchestration.alerts.records import AlertState
from orchestration.intake.counts import Counts, counts
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import alerts
from orchestration.outbox.results import Down
from tests.orchestration.acts.desks import HERON, OTTER, Desk
from tests.orchestration.alerts.builders import HOUR, at, evaluation, finding
from tests.support.ledgers import NOON
from tests.support.outboxes import Clock, Receiver, after, put, row, run

QUARTER = timedelta(minutes=15)


@pytest.fixture
def desk(ledger: Engine) -> Desk:
    return Desk(ledger)


def counted(desk: Desk, hour: float) -> Counts:
    with reading(desk.engine) as connection:
        return counts(connection, now=at(hour))


def acked(desk: Desk, hour: float) -> None:
    ack(desk.engine, who=HERON, now=at(hour), terms=desk.terms, **desk.seen())


def test_a_ledger_in_which_nothing_happened(desk: Desk) -> None:
    assert counted(desk, 12) == Counts({}, 0, (0,) * 21, 0, None, None, None)


def test_alerts_are_counted_by_severity_and_state_and_shadow_apart(desk: Desk) -> None:
    worse = finding(11, "c", severity=Severity.S1)
    desk.tick(11, finding(11, "a"), finding(11, "b"), worse)
    with writing(desk.engine) as connection:
        connection.execute(alerts.update().where(alerts.c.entity == "b").values(shadow=True))
    found = counted(desk, 13)
    assert found.told == {
        (Severity.S1, AlertState.FIRING): 1,
        (Severity.S2, AlertState.FIRING): 1,
    }
    assert found.shadow == 1
    assert found.taken_at == at(12 + 1 / 12)


def test_pages_count_in_their_shift_up_to_this_moment(desk: Desk) -> None:
    put(
        desk.engine,
        row("now", 1, lane=0),
        row("shift", 1, lane=1, created_at=NOON - 8 * HOUR + QUARTER),
        row("before", 1, lane=1, created_at=NOON - 8 * HOUR),
        row("calm", 1, lane=2),
        row("act", 1, lane=1, kind="act"),
        row("week", 1, lane=1, created_at=NOON - 21 * 8 * HOUR),
    )
    assert counted(desk, 12).pages[-3:] == (0, 1, 2)
    assert sum(counted(desk, 12).pages) == 3


def test_notices_that_another_message_told_are_no_pages(desk: Desk) -> None:
    put(desk.engine, *(row(name, 1, lane=1, thread="t") for name in "abc"))
    run(desk.engine, Receiver(), Clock())
    assert counted(desk, 12).pages[-1] == 1


def test_the_time_to_an_ack_is_of_the_first_one_of_each_alert(desk: Desk) -> None:
    desk.tick(11, finding(11, "a"), finding(11, "b"))
    opened = 12 + 1 / 12
    acked(desk, opened + 0.5)
    found = counted(desk, 13)
    assert (found.acks, found.ack_minutes) == (2, 30.0)
    later = opened + 0.5 + 24  # the ack ended, and somebody else takes over
    desk.step(later + 1)
    ack(desk.engine, who=OTTER, now=at(later + 2), terms=desk.terms, **desk.seen())
    found = counted(desk, later + 3)
    assert (found.acks, found.ack_minutes) == (2, 30.0)


def test_acks_older_than_a_week_count_no_more(desk: Desk) -> None:
    desk.tick(11, finding(11, "a"))
    acked(desk, 13)
    assert (counted(desk, 13 + 7 * 24).acks, counted(desk, 13.1 + 7 * 24).acks) == (1, 0)


def test_what_waits_is_late_since_it_was_due_however_often_it_was_tried(desk: Desk) -> None:
    put(desk.engine, row("later", 1, not_before=after(3600)), row("b", 1, not_before=after(60)))
    assert counted(desk, 12).due_since is None
    assert counted(desk, 12.5).due_since == after(60)
    clock = Clock(after(120))
    for _ in range(3):
        run(desk.engine, Receiver(lambda *_: Down("down", unknown=False)), clock, seconds=1)
        clock.sleep(30)
    assert counted(desk, 12.5).due_since == after(60)
    run(desk.engine, Receiver(), Clock(after(1800)))
    assert counted(desk, 12.5).due_since is None


def test_an_evaluation_without_findings_is_taken_in_too(desk: Desk) -> None:
    desk.step(12, evaluation(10))
    assert counted(desk, 12).taken_at == NOON
