from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from sqlalchemy import Engine, select

from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.ledger.tables import outbox, problems
from orchestration.selfwatch.faults import Fault
from orchestration.selfwatch.problems import AGAIN, QUIET, Changes, Problem, compared, keep
from tests.support.ledgers import NOON

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATE = Fault("asset", "web/monitors/scraping")
FAILED = Fault("check", "web/monitors/scraping:evaluated")
STUCK = Fault("outbox", "outbox", page=True)
ANY = st.sets(st.sampled_from([LATE, FAILED, STUCK]))


def look(ledger: Engine, minutes: float, *faults: Fault) -> Changes:
    return keep(ledger, faults, receiver="C0WATCHFLOOR", now=at(minutes))


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def told(ledger: Engine) -> list[tuple[float, int, dict[str, Any]]]:
    """When, in which lane and what, of every queued message."""
    rows = select(outbox.c.created_at, outbox.c.lane, outbox.c.payload, outbox.c.kind)
    with reading(ledger) as connection:
        found = connection.execute(rows.order_by(outbox.c.audit_seq)).all()
    assert {row.kind for row in found} <= {"health"}
    return [((row.created_at - NOON) / MINUTE, row.lane, row.payload) for row in found]


def test_where_nothing_is_wrong_nothing_is_written(ledger: Engine) -> None:
    assert look(ledger, 0) == Changes()
    with reading(ledger) as connection:
        assert [entry.verb for entry in entries(connection)] == ["init"]


def test_what_is_wrong_is_told_once_by_ids(ledger: Engine) -> None:
    for minutes in (0, 0, 1, 2, 60, 239):
        look(ledger, minutes, LATE, STUCK)

    new = [STUCK.problem_id, LATE.problem_id]
    assert told(ledger) == [(0, 1, {"new": new, "again": [], "over": [], "lasting": 2})]


def test_the_lane_is_urgent_only_where_it_pages(ledger: Engine) -> None:
    look(ledger, 0, LATE)
    look(ledger, 1, LATE, STUCK)

    assert [(minutes, lane) for minutes, lane, _ in told(ledger)] == [(0, 3), (1, 1)]


def test_what_lasts_is_told_again_each_four_hours(ledger: Engine) -> None:
    for minutes in (0, 239, 240, 241, 479, 490, 1200):
        look(ledger, minutes, LATE)

    again = [minutes for minutes, _, payload in told(ledger) if payload["again"]]
    assert again == [240, 490, 1200]


def test_what_is_over_is_told_once_it_has_been_quiet(ledger: Engine) -> None:
    look(ledger, 0, LATE)
    for minutes in (1, 29, 30, 31, 500):
        look(ledger, minutes)

    _, (minutes, _, payload) = told(ledger)
    assert minutes == 30
    assert payload == {"new": [], "again": [], "over": [LATE.problem_id], "lasting": 0}


def test_what_flaps_is_one_problem(ledger: Engine) -> None:
    for minutes in range(0, 120, 10):
        look(ledger, minutes, *([LATE] if minutes % 20 == 0 else []))

    assert len(told(ledger)) == 1


def test_what_comes_back_after_its_end_is_new(ledger: Engine) -> None:
    look(ledger, 0, LATE)
    look(ledger, 30)
    look(ledger, 45, LATE)

    assert [minutes for minutes, _, payload in told(ledger) if payload["new"]] == [0, 45]
    with reading(ledger) as connection:
        (row,) = connection.execute(select(problems)).mappings().all()
    assert (row["first_seen"], row["gone_at"]) == (at(45), None)


def test_an_end_says_how_much_lasts(ledger: Engine) -> None:
    look(ledger, 0, LATE, STUCK)
    look(ledger, 30, STUCK)

    assert told(ledger)[-1][2]["lasting"] == 1


def test_an_act_of_the_audit_stands_for_each_message(ledger: Engine) -> None:
    look(ledger, 0, LATE, FAILED)
    look(ledger, 5, LATE, FAILED)
    look(ledger, 40)

    with reading(ledger) as connection:
        acts = [(e.actor, e.verb, e.reason) for e in entries(connection) if e.verb != "init"]
    assert acts == [
        ("system:health", "health", "2 new, 0 again, 0 over"),
        ("system:health", "health", "0 new, 0 again, 2 over"),
    ]


@pytest.mark.parametrize("minutes", [-600, -10])
def test_a_clock_put_back_tells_nothing_twice(ledger: Engine, minutes: int) -> None:
    look(ledger, 0, LATE)

    look(ledger, minutes, LATE)
    look(ledger, 1, LATE)

    assert len(told(ledger)) == 1


@given(st.lists(st.tuples(st.integers(1, 300), ANY), max_size=25))
def test_every_problem_is_told_when_it_begins_and_when_it_ends_and_seldom_between(
    looks: list[tuple[int, set[Fault]]],
) -> None:
    known: tuple[Problem, ...] = ()
    going: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    now = 0
    for minutes, faults in looks:
        now += minutes
        done = compared(known, faults, now=at(now))
        for one in done.new:
            assert one.problem_id not in going
            going[one.problem_id] = last[one.problem_id] = at(now)
        for one in done.again:
            assert at(now) - going[one.problem_id] >= AGAIN
            last[one.problem_id] = at(now)
        for one in done.over:
            del going[one.problem_id]
            assert one.problem_id not in {fault.problem_id for fault in faults}
            assert at(now) - one.last_seen >= QUIET
        assert {one.problem_id for one in done.lasting} == set(going)
        assert {fault.problem_id for fault in faults} <= set(going)
        known = done.lasting
        assert compared(known, faults, now=at(now)).told == ()
