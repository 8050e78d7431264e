"""Acts on a group: who has it, and who is told."""

import pytest
from sqlalchemy import insert

from monitors.contract import Severity
from orchestration.acts.doing import Done
from orchestration.acts.errors import ActError, StaleError
from orchestration.acts.group import ack, assign, snooze
from orchestration.alerts.rules import Route
from orchestration.ledger.database import writing
from orchestration.ledger.tables import escalations
from orchestration.oncall.errors import PeopleError
from tests.orchestration.acts.desks import HERON, OTTER, VIEWER, Desk
from tests.orchestration.alerts.builders import HOUR, MINUTE, at, finding


def test_an_ack_takes_all_that_fires_and_tells_the_thread(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"), finding(0, "b", severity=Severity.S1))
    clicked = desk.seen()
    done = ack(desk.engine, who=HERON, **clicked, now=at(2), terms=desk.terms)
    assert done == Done("ack", "heron-7", 2, at(10))  # S1 is acked for eight hours
    assert [(alert.state.value, alert.ack.by) for alert in desk.alerts() if alert.ack] == [
        ("acked", "heron-7"),
        ("acked", "heron-7"),
    ]
    ((receiver, payload),) = desk.acts()
    assert receiver == "C0ABUSE"
    assert payload == {
        "thread": clicked["thread_id"],
        "verb": "ack",
        "by": "heron-7",
        "n": 2,
        "until": int(at(10).timestamp()),
        "seen": clicked["seen"],
        "state_hash": desk.seen()["seen"],
    }
    of_thread = [entry for entry in desk.audit("ack") if entry.object.startswith("thread:")]
    assert [(entry.actor, entry.before, entry.after) for entry in of_thread] == [
        ("heron-7", clicked["seen"], desk.seen()["seen"])
    ]
    assert len(desk.audit("ack")) == 3
    assert desk.is_sound()


def test_one_look_at_a_group_is_one_ack_that_ends_at_one_time(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"))
    ack(desk.engine, who=HERON, **desk.seen(), now=at(2), terms=desk.terms)
    desk.tick(5, finding(5, "b"))
    done = ack(desk.engine, who=HERON, **desk.seen(), now=at(7), terms=desk.terms)
    assert (done.n, done.until) == (2, at(31))
    assert {alert.ack.until for alert in desk.alerts() if alert.ack} == {at(31)}
    assert desk.is_sound()


def test_an_ack_of_somebody_else_is_left_to_them(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"))
    ack(desk.engine, who=OTTER, **desk.seen(), now=at(2), terms=desk.terms)
    desk.tick(5, finding(5, "b"))
    ack(desk.engine, who=HERON, **desk.seen(), now=at(7), terms=desk.terms)
    assert sorted((alert.ack.by, alert.ack.until) for alert in desk.alerts() if alert.ack) == [
        ("heron-7", at(31)),
        ("otter-2", at(26)),
    ]


@pytest.mark.parametrize("act", [ack, assign, snooze])
def test_somebody_without_a_role_for_it_is_refused(desk: Desk, act: object) -> None:
    desk.tick(0, finding(0))
    before = desk.everything()
    more = {"for_": HOUR} if act is snooze else {}
    with pytest.raises(PeopleError, match="finch-1 has the roles viewer"):
        act(desk.engine, who=VIEWER, **desk.seen(), **more, now=at(2), terms=desk.terms)  # type: ignore[operator]
    assert desk.everything() == before


def test_an_ack_by_somebody_else_is_named_even_at_the_present_state(desk: Desk) -> None:
    desk.tick(0, finding(0))
    ack(desk.engine, who=OTTER, **desk.seen(), now=at(2), terms=desk.terms)
    with pytest.raises(ActError, match="otter-2 has acked it"):
        ack(desk.engine, who=HERON, **desk.seen(), now=at(3), terms=desk.terms)


def test_assigning_changes_hands_and_mutes_nothing(desk: Desk) -> None:
    desk.tick(0, finding(0))
    states = desk.states()
    assign(desk.engine, who=OTTER, **desk.seen(), now=at(2), terms=desk.terms)
    done = assign(desk.engine, who=HERON, **desk.seen(), now=at(3), terms=desk.terms)
    assert done == Done("assign", "heron-7", 1)
    assert (desk.thread().assigned_to, desk.thread().revision) == ("heron-7", 3)
    assert desk.states() == states


def test_what_is_over_cannot_be_taken(desk: Desk) -> None:
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    for act in (ack, assign):
        with pytest.raises(ActError, match="All alerts of this group are resolved"):
            act(desk.engine, who=HERON, **desk.seen(), now=at(4), terms=desk.terms)
    old = desk.seen()
    desk.tick(7, finding(7, "b"))  # a group that nobody has as open begins another thread
    assert desk.thread().thread_id != old["thread_id"]
    with pytest.raises(ActError, match="This thread ended at 2026-03-02 08:05 UTC"):
        ack(desk.engine, who=HERON, **old, now=at(9), terms=desk.terms)
    with pytest.raises(ActError, match="There is no thread of that id"):
        ack(desk.engine, who=HERON, thread_id="t", seen="s", now=at(9), terms=desk.terms)


def test_every_thread_that_shows_an_alert_is_told_of_an_act(desk: Desk) -> None:
    first = Route("both", "C0BOTH", goes_on=True, group_interval=MINUTE)
    desk.config = type(desk.config)((first, *desk.config.routes))
    desk.tick(0, finding(0))
    other = desk.seen("C0BOTH")
    ack(desk.engine, who=HERON, **desk.seen("C0ABUSE"), now=at(2), terms=desk.terms)
    assert [(receiver, payload["verb"], payload["n"]) for receiver, payload in desk.acts()] == [
        ("C0ABUSE", "ack", 1),
        ("C0BOTH", "ack", 1),
    ]
    with pytest.raises(StaleError, match="heron-7: ack"):
        ack(desk.engine, who=OTTER, **other, now=at(3), terms=desk.terms)


def test_an_ack_stops_the_ladder_and_an_assignment_does_not(desk: Desk) -> None:
    desk.tick(0, finding(0))
    row = {
        "thread_id": desk.thread().thread_id,
        "ladder": "urgent",
        "opened_at": at(1),
        "pointer": 1,
        "next_at": at(3),
    }
    with writing(desk.engine) as connection:
        connection.execute(insert(escalations), row)
    assign(desk.engine, who=HERON, **desk.seen(), now=at(2), terms=desk.terms)
    (climbing,) = desk.rows("escalations")
    assert (climbing.next_at, climbing.stopped_by) == (at(3), None)
    ack(desk.engine, who=HERON, **desk.seen(), now=at(2), terms=desk.terms)
    (stopped,) = desk.rows("escalations")
    assert (stopped.next_at, stopped.stopped_by) == (None, "heron-7")
