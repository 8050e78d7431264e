"""Acts at a state that has changed since, by a person or by news, and clicks that come twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from monitors.contract import Severity
from orchestration.acts.doing import Done
from orchestration.acts.errors import LastAct, StaleError
from orchestration.acts.group import ack, assign, snooze
from orchestration.oncall.people import Person
from tests.orchestration.acts.desks import HERON, OTTER, Desk
from tests.orchestration.alerts.builders import HOUR, at, finding

TEN = timedelta(minutes=10)


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
