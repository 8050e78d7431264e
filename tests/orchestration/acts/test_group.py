"""Acts on a group, at the state that the person saw."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert

from monitors.contract import Severity
from orchestration.acts.doing import Done
from orchestration.acts.errors import ActError, LastAct, StaleError
from orchestration.acts.group import ack, assign, snooze
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.rules import Route
from orchestration.ledger.database import writing
from orchestration.ledger.tables import escalations
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.acts.desks import HERON, OTTER, VIEWER, Desk
from tests.orchestration.alerts.builders import HOUR, MINUTE, at, finding

TEN = timedelta(minutes=10)


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


def test_repeating_a_click_says_again_what_was_done_and_writes_nothing(desk: Desk) -> None:
    desk.tick(0, finding(0))
    first_ack = desk.seen()
    ack(desk.engine, who=HERON, **first_ack, now=at(2), terms=desk.terms)
    first_assign = desk.seen()
    assign(desk.engine, who=HERON, **first_assign, now=at(2.1), terms=desk.terms)
    first_snooze = desk.seen()
    snooze(desk.engine, who=HERON, **first_snooze, for_=HOUR, now=at(2.2), terms=desk.terms)
    before = desk.everything()
    again = [
        ack(desk.engine, who=HERON, **first_ack, now=at(3), terms=desk.terms),
        ack(desk.engine, who=HERON, **desk.seen(), now=at(3), terms=desk.terms),
        assign(desk.engine, who=HERON, **first_assign, now=at(3), terms=desk.terms),
        assign(desk.engine, who=HERON, **desk.seen(), now=at(3), terms=desk.terms),
        snooze(desk.engine, who=HERON, **first_snooze, for_=TEN, now=at(3), terms=desk.terms),
    ]
    assert [(done.verb, done.n, done.until, done.again) for done in again] == [
        ("ack", 1, at(26), True),
        ("ack", 1, at(26), True),
        ("assign", 1, None, True),
        ("assign", 1, None, True),
        ("snooze", 1, at(3.2), True),
    ]
    assert desk.everything() == before


@pytest.mark.parametrize("act", [ack, assign, snooze])
def test_a_stale_click_does_nothing_and_says_who_did_what(desk: Desk, act: object) -> None:
    desk.tick(0, finding(0))
    clicked = desk.seen()
    assign(desk.engine, who=OTTER, **clicked, now=at(2), terms=desk.terms)
    before = desk.everything()
    more = {"for_": HOUR} if act is snooze else {}
    with pytest.raises(StaleError, match="otter-2: assign at 02:00 UTC") as raised:
        act(desk.engine, who=HERON, **clicked, **more, now=at(3), terms=desk.terms)  # type: ignore[operator]
    assert raised.value.last == LastAct("otter-2", "assign", at(2))
    assert desk.everything() == before


def test_a_click_on_what_news_has_changed_is_stale_by_nobody(desk: Desk) -> None:
    desk.tick(0, finding(0))
    clicked = desk.seen()
    desk.tick(1, finding(1, severity=Severity.S1))
    with pytest.raises(StaleError, match="news was found") as raised:
        ack(desk.engine, who=HERON, **clicked, now=at(3), terms=desk.terms)
    assert raised.value.last is None


def test_what_somebody_did_before_a_person_looked_is_not_blamed_for_a_stale_click(
    desk: Desk,
) -> None:
    desk.tick(0, finding(0))
    assign(desk.engine, who=OTTER, **desk.seen(), now=at(2), terms=desk.terms)
    clicked = desk.seen()
    desk.tick(1, finding(1, "b"))
    with pytest.raises(StaleError, match="news was found"):
        ack(desk.engine, who=HERON, **clicked, now=at(3), terms=desk.terms)


def test_of_two_people_who_ack_at_once_one_wins_and_the_other_is_told_who(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    clicked, together = desk.seen(), Barrier(2)

    def click(who: Person) -> Done | StaleError:
        together.wait()
        try:
            return ack(desk.engine, who=who, **clicked, now=at(2), terms=desk.terms)
        except StaleError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(click, (HERON, OTTER)))
    (won,) = [answer for answer in answers if isinstance(answer, Done)]
    (lost,) = [answer for answer in answers if isinstance(answer, StaleError)]
    assert lost.last == LastAct(won.by, "ack", at(2))
    assert {alert.ack.by for alert in desk.alerts() if alert.ack} == {won.by}
    assert len(desk.acts()) == 1
    assert desk.is_sound()


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


@pytest.mark.parametrize(
    ("severity", "hours"), [(Severity.S0, 2), (Severity.S1, 8), (Severity.S2, 72)]
)
def test_a_snooze_is_capped_by_the_gravest_that_is_open(
    desk: Desk, severity: Severity, hours: int
) -> None:
    desk.tick(0, finding(0, "a", severity=severity), finding(0, "b", severity=Severity.S3))
    states = desk.states()
    clicked = desk.seen()
    done = snooze(desk.engine, who=HERON, **clicked, for_=500 * HOUR, now=at(2), terms=desk.terms)
    assert (done.n, done.until) == (2, at(2 + hours))
    assert [alert.silenced_by for alert in desk.alerts()] == [(done.silence_id,)] * 2
    assert desk.states() == states  # I13
    assert desk.seen()["seen"] != clicked["seen"]


def test_what_is_graver_than_a_snoozed_group_is_told_all_the_same(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"))
    snooze(desk.engine, who=HERON, **desk.seen(), for_=12 * HOUR, now=at(2), terms=desk.terms)
    assert desk.tick(2, finding(2, "b")) == []
    assert desk.tick(3, finding(3, "c", severity=Severity.S1)) == ["new_in_group"]
    assert desk.tick(4, finding(4, "a", severity=Severity.S0)) == ["escalated"]


def test_a_snooze_stays_in_its_route(desk: Desk) -> None:
    spam = Route("spam", "C0SPAM", (parse_matcher("harm=spam"),), group_by=("product",))
    desk.config = type(desk.config)((spam, *desk.config.routes))
    desk.tick(0, finding(0))
    done = snooze(
        desk.engine, who=HERON, **desk.seen("C0SPAM"), for_=HOUR, now=at(2), terms=desk.terms
    )
    (row,) = desk.rows("silences")
    assert row.silence_id == done.silence_id
    assert row.matchers == [
        ["product", "=", "chat"],
        ["harm", "=", "spam"],
        ["severity", "=~", "S2|S3"],
    ]


def test_a_snooze_in_one_thread_is_none_in_another_that_shows_the_same(desk: Desk) -> None:
    first = Route("both", "C0BOTH", goes_on=True, group_by=("product",))
    desk.config = type(desk.config)((first, *desk.config.routes))
    desk.tick(0, finding(0))
    for receiver, hour in (("C0ABUSE", 2), ("C0ABUSE", 3), ("C0BOTH", 4), ("C0BOTH", 4)):
        done = snooze(
            desk.engine,
            who=HERON,
            **desk.seen(receiver),
            for_=HOUR,
            now=at(hour),
            terms=desk.terms,
        )
        assert (done.again, done.until) == (False, at(hour + 1))
    assert len(desk.rows("silences")) == 4


def test_what_still_fires_when_a_snooze_ends_is_told_within_one_tick(desk: Desk) -> None:
    desk.tick(0, finding(0))
    snooze(desk.engine, who=HERON, **desk.seen(), for_=HOUR, now=at(2), terms=desk.terms)
    assert desk.step(2.9) == []
    assert desk.step(3) == ["silence_expired"]  # I14


def test_a_snooze_of_no_time_is_refused(desk: Desk) -> None:
    desk.tick(0, finding(0))
    with pytest.raises(ActError, match="wanted more than nothing"):
        snooze(
            desk.engine, who=HERON, **desk.seen(), for_=timedelta(0), now=at(2), terms=desk.terms
        )


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
