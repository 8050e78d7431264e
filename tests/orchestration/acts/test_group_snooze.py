"""Snoozing a group: how long, how far it reaches, and how it ends."""

from datetime import timedelta

import pytest

from monitors.contract import Severity
from orchestration.acts.errors import ActError
from orchestration.acts.group import snooze
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.rules import Route
from tests.orchestration.acts.desks import HERON, Desk
from tests.orchestration.alerts.builders import HOUR, at, finding


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
