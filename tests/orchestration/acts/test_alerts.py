"""Acts on alerts by id, and on whatever matchers name."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from monitors.contract import Severity
from orchestration.acts.alerts import ack, lower, silence, unsilence
from orchestration.acts.doing import Done
from orchestration.acts.errors import ActError, StaleError
from orchestration.acts.group import assign
from orchestration.alerts.errors import AlertError
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.rules import Route
from orchestration.ledger.errors import LedgerError
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.acts.desks import HERON, LEAD, OTTER, VIEWER, Desk
from tests.orchestration.alerts.builders import SPAM, at, finding

SPAMS = (parse_matcher(f'monitor="{SPAM}"'),)


def ids(desk: Desk, *entities: str) -> list[str]:
    return [desk.alert(entity).alert_id for entity in entities]


def hush(desk: Desk, who: Person = HERON, *, now: float = 2, until: float = 8) -> Done:
    return silence(
        desk.engine,
        who=who,
        matchers=SPAMS,
        until=at(until),
        reason="a drill",
        now=at(now),
        terms=desk.terms,
    )


def loud(desk: Desk, silence_id: str, *, now: float = 3, who: Person = HERON) -> Done:
    return unsilence(
        desk.engine, who=who, silence_id=silence_id, reason="over", now=at(now), terms=desk.terms
    )


def test_an_ack_by_id_tells_the_thread_and_makes_clicks_there_stale(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    clicked = desk.seen()
    done = ack(desk.engine, who=HERON, alert_ids=ids(desk, "a"), now=at(2), terms=desk.terms)
    assert done == Done("ack", "heron-7", 1, at(26))
    assert [desk.alert(entity).state.value for entity in "ab"] == ["acked", "firing"]
    ((_, payload),) = desk.acts()
    assert (payload["thread"], payload["n"]) == (clicked["thread_id"], 1)
    with pytest.raises(StaleError, match="heron-7: ack"):
        assign(desk.engine, who=OTTER, **clicked, now=at(3), terms=desk.terms)


def test_an_ack_by_id_is_repeated_without_a_trace_and_refused_to_others(desk: Desk) -> None:
    desk.tick(0, finding(0))
    mine = ids(desk, "a")
    ack(desk.engine, who=HERON, alert_ids=mine, now=at(2), terms=desk.terms)
    before = desk.everything()
    again = ack(desk.engine, who=HERON, alert_ids=mine * 2, now=at(3), terms=desk.terms)
    assert again == Done("ack", "heron-7", 1, at(26), again=True)
    with pytest.raises(AlertError, match="was acked by heron-7 at 02:00"):
        ack(desk.engine, who=OTTER, alert_ids=mine, now=at(3), terms=desk.terms)
    with pytest.raises(PeopleError, match="none of which may 'ack'"):
        ack(desk.engine, who=VIEWER, alert_ids=mine, now=at(3), terms=desk.terms)
    assert desk.everything() == before


def test_of_two_who_ack_an_alert_at_once_one_wins_and_the_other_is_told_who(desk: Desk) -> None:
    desk.tick(0, finding(0))
    mine, together = ids(desk, "a"), Barrier(2)

    def type_it(who: Person) -> str:
        together.wait()
        try:
            return ack(desk.engine, who=who, alert_ids=mine, now=at(2), terms=desk.terms).by
        except AlertError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(type_it, (HERON, OTTER)))
    held = desk.alert().ack
    assert held is not None
    (told,) = [answer for answer in answers if answer != held.by]
    assert f"was acked by {held.by} at 02:00" in told


def test_one_of_several_that_cannot_be_acked_leaves_all_as_they_are(desk: Desk) -> None:
    desk.tick(0, finding(0))
    before = desk.everything()
    with pytest.raises(AlertError, match="There is no alert"):
        ack(
            desk.engine,
            who=HERON,
            alert_ids=[*ids(desk, "a"), "nosuch"],
            now=at(2),
            terms=desk.terms,
        )
    assert desk.everything() == before


def test_a_lead_lowers_a_severity_with_a_reason_and_the_route_follows(desk: Desk) -> None:
    urgent = Route("urgent", "C0URGENT", (parse_matcher("severity=~S0|S1"),))
    desk.config = type(desk.config)((urgent, *desk.config.routes))
    desk.tick(0, finding(0, severity=Severity.S1))
    (alert_id,) = ids(desk, "a")
    done = lower(
        desk.engine,
        who=LEAD,
        alert_id=alert_id,
        severity=Severity.S2,
        reason="our own load test",
        now=at(2),
        terms=desk.terms,
    )
    assert done == Done("lower_severity", "koala-9", 1)
    assert desk.alert().severity is Severity.S2
    of_alert = [
        entry for entry in desk.audit("set_severity") if entry.object == f"alert:{alert_id}"
    ]
    assert [(entry.actor, entry.reason) for entry in of_alert] == [("koala-9", "our own load test")]
    ((receiver, payload),) = desk.acts()
    assert (receiver, payload["severity"]) == ("C0URGENT", 2)
    assert desk.told() == ["first", "first"]  # where S2 is told it is news
    assert desk.is_sound()


@pytest.mark.parametrize(
    ("who", "given", "error", "wanted"),
    [
        (HERON, (Severity.S3, "noise"), PeopleError, "none of which may 'lower_severity'"),
        (LEAD, (Severity.S3, " "), AlertError, "needs an actor and a reason"),
        (LEAD, (Severity.S3, "two\nlines"), LedgerError, "wanted one printable line"),
        (LEAD, (Severity.S1, "noise"), AlertError, "cannot be lowered to S1"),
    ],
)
def test_a_severity_is_not_lowered_otherwise(
    desk: Desk, who: Person, given: tuple[Severity, str], error: type[Exception], wanted: str
) -> None:
    desk.tick(0, finding(0))
    before = desk.everything()
    with pytest.raises(error, match=wanted):
        lower(
            desk.engine,
            who=who,
            alert_id=ids(desk, "a")[0],
            severity=given[0],
            reason=given[1],
            now=at(2),
            terms=desk.terms,
        )
    assert desk.everything() == before


def test_a_silence_changes_no_alert_and_what_fires_is_told_when_it_is_lifted(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"))
    states = desk.states()
    done = hush(desk)
    assert (done.verb, done.n, done.until) == ("snooze", 1, at(8))
    assert desk.states() == states  # I13
    assert desk.tick(2, finding(2, "a")) == []
    assert desk.alert().count == 2
    assert desk.told() == ["first"]
    lifted = loud(desk, done.silence_id, now=3.5)
    assert (lifted.verb, lifted.n) == ("unsnooze", 1)
    assert desk.told() == ["first", "silence_expired"]  # I14, and without waiting for a tick
    assert [payload["verb"] for _, payload in desk.acts()] == ["snooze", "unsnooze"]
    assert [entry.object for entry in desk.audit("silence", "unsilence")] == [
        f"silence:{done.silence_id}"
    ] * 2
    (row,) = desk.rows("silences")
    assert (row.created_by, row.ended_by, row.reason) == ("heron-7", "heron-7", "a drill")
    assert desk.is_sound()


def test_a_silence_that_runs_out_tells_what_still_fires_in_the_next_step(desk: Desk) -> None:
    desk.tick(0, finding(0))
    hush(desk, until=5)
    assert desk.step(4.99) == []
    assert desk.step(5) == ["silence_expired"]  # I14
    assert desk.step(5.01) == []


def test_for_what_is_grave_a_silence_ends_sooner(desk: Desk) -> None:
    desk.tick(0, finding(0, severity=Severity.S0))
    hush(desk, until=2 + 24)
    assert desk.step(3.99) == []
    assert desk.step(4) == ["silence_expired"]


def test_a_silence_repeated_by_its_owner_is_one(desk: Desk) -> None:
    desk.tick(0, finding(0))
    first = hush(desk)
    before = desk.everything()
    again = hush(desk, now=3)
    assert (again.again, again.silence_id, again.until) == (True, first.silence_id, at(8))
    assert desk.everything() == before
    assert hush(desk, OTTER, now=3).silence_id != first.silence_id
    assert hush(desk, now=3, until=9).again is False


@pytest.mark.parametrize(
    ("matcher", "until", "error", "wanted"),
    [
        ('product=~".*"', 8, AlertError, "matches alerts without labels"),
        ("product=chat", 2 + 24 * 15, AlertError, "the longest allowed is 14 days"),
        ("product=chat", 1, AlertError, "wanted an end after its start"),
        ('entity="ann@example.org"', 8, ActError, "something that is no pseudonym"),
        ('entity=~"account_.*"', 8, ActError, "something that is no pseudonym"),
    ],
)
def test_what_a_silence_may_not_be(
    desk: Desk, matcher: str, until: float, error: type[Exception], wanted: str
) -> None:
    before = desk.everything()
    with pytest.raises(error, match=wanted) as raised:
        silence(
            desk.engine,
            who=HERON,
            matchers=(parse_matcher(matcher),),
            until=at(until),
            reason="a drill",
            now=at(2),
            terms=desk.terms,
        )
    assert "example.org" not in str(raised.value)
    assert desk.everything() == before


def test_silences_are_for_those_who_may(desk: Desk) -> None:
    done = hush(desk)
    with pytest.raises(PeopleError, match="none of which may 'silence'"):
        hush(desk, VIEWER)
    with pytest.raises(PeopleError, match="none of which may 'unsilence'"):
        loud(desk, done.silence_id, who=VIEWER)
    with pytest.raises(
        AlertError, match=f"There is no silence 'nosuch'; running: {done.silence_id}"
    ):
        loud(desk, "nosuch")
    loud(desk, done.silence_id)
    with pytest.raises(AlertError, match="running: none"):
        loud(desk, done.silence_id)
