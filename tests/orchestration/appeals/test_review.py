import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from orchestration.appeals.codes import Outcome
from orchestration.appeals.errors import AppealError
from orchestration.appeals.health import sla_state
from orchestration.appeals.review import expire_leases, next_appeal, release, renew, withdraw
from orchestration.ledger.appeals import Appeal
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import reading, writing
from orchestration.ledger.machines import of_ids, write
from orchestration.ledger.tables import decisions
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person, Roster
from tests.orchestration.appeals.houses import (
    APPROVER,
    AUTHOR,
    PEOPLE,
    REVIEWER,
    SAM,
    START,
    TESS,
    House,
)
from tests.support.enforcement import WROTE
from tests.support.ledgers import act

LEASE = timedelta(minutes=30)


def test_whoever_had_a_part_in_it_is_not_given_an_appeal(house: House) -> None:
    (suspended,) = house.done("u1")
    house.appealed(suspended)
    for who in (REVIEWER, APPROVER, AUTHOR):
        assert house.next(who) is None
    taken = house.next(SAM)
    assert taken is not None
    assert (taken.state, taken.reviewer, taken.leased_until) == ("in_review", "sam", START + LEASE)


@pytest.mark.parametrize("who", [REVIEWER, APPROVER, AUTHOR], ids=lambda who: who.id)
def test_nor_may_they_claim_it(house: House, who: Person) -> None:
    (suspended,) = house.done("u1")
    with pytest.raises(AppealError, match="leave the appeal to somebody else"):
        house.claim(house.appealed(suspended), who)


def test_who_decided_the_case_at_another_time_saw_it_before(house: House) -> None:
    (suspended,) = house.done("u1")
    house.room.decide("d-old", "u1", decider="sam", acted=True)
    with writing(house.engine) as connection:
        same = update(decisions).where(decisions.c.decision_id == "d-old")
        connection.execute(same.values(case_id="case-d-u1"))
    house.appealed(suspended)
    assert house.next(SAM) is None
    assert house.next(TESS) is not None


def test_who_decided_an_earlier_appeal_does_not_decide_the_next(house: House) -> None:
    (suspended,) = house.done("u1")
    house.decided(suspended, Outcome.UPHELD)
    house.appealed(suspended, "S-2")
    assert house.next(SAM) is None
    assert house.next(TESS) is not None


def test_where_the_authors_are_not_known_nobody_may_and_it_is_visible(house: House) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)

    def nobody_knows(monitor: str) -> tuple[str, ...]:
        raise KeyError(monitor)

    assert next_appeal(house.engine, SAM, house.terms, house.now, authors=nobody_knows) is None
    with reading(house.engine) as connection:
        (found,) = sla_state(connection, house.terms, house.now, authors=nobody_knows)
    assert (found.appeal.appeal_id, found.appeal.state, found.reviewers) == (appeal_id, "queued", 0)


def test_with_nobody_to_review_it_stays_queued_and_is_visible(house: House) -> None:
    (suspended,) = house.done("u1")
    house.appealed(suspended)
    few = replace(house.terms, roster=Roster((REVIEWER, AUTHOR, APPROVER)))
    with reading(house.engine) as connection:
        assert [one.reviewers for one in sla_state(connection, few, house.now)] == [0]
        assert [one.reviewers for one in sla_state(connection, house.terms, house.now)] == [2]


def test_a_restricted_case_asks_for_its_skills(house: House) -> None:
    (suspended,) = house.done("u1")
    with writing(house.engine) as connection:
        before = of_ids(connection, CASES, ["case-d-u1"])
        after = replace(before["case-d-u1"], queue="child-safety", restricted=True)
        write(connection, CASES, before=before, after=[after], act=act(), verb="move")
    house.appealed(suspended)
    assert house.next(SAM) is None
    assert house.next(replace(SAM, skills=frozenset({"child-safety"}))) is not None


def test_somebody_who_decides_no_appeals_is_told_which_role_may(house: House) -> None:
    with pytest.raises(PeopleError, match="decide_appeal"):
        house.next(PEOPLE[-1])
    with pytest.raises(PeopleError, match="decide_appeal"):
        house.next(WROTE)


def test_what_is_due_first_is_next(house: House) -> None:
    one, other = house.done("u1", "u2")
    first = house.appealed(one, "S-1")
    house.forward(hours=1)
    second = house.appealed(other, "S-2")
    taken = [house.next(), house.next(), house.next()]
    assert [each and each.appeal_id for each in taken] == [first, second, None]


def test_a_lease_that_ran_out_gives_the_appeal_to_the_next(house: House) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    house.next(SAM)
    assert house.next(TESS) is None
    house.forward(minutes=29)
    renew(house.engine, SAM, appeal_id, terms=house.terms, now=house.now)
    house.forward(minutes=29)
    assert house.next(TESS) is None
    house.forward(minutes=1)
    taken = house.next(TESS)
    assert taken is not None
    assert (taken.reviewer, taken.leased_by) == ("tess", "tess")
    with pytest.raises(AppealError, match="tess has it"):
        house.decide(appeal_id)
    assert house.is_sound()


def test_leases_that_ran_out_go_back_to_the_queue(house: House) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    house.next(SAM)
    assert expire_leases(house.engine, house.now) == 0
    house.forward(minutes=30)
    with pytest.raises(AppealError, match="had the appeal"):
        house.decide(appeal_id)
    assert expire_leases(house.engine, house.now) == 1
    found = house.appeal(appeal_id)
    assert (found.state, found.reviewer, found.leased_by) == ("queued", None, None)


def test_one_that_is_given_back_waits_again(house: House) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    with pytest.raises(AppealError, match="Take it first"):
        release(house.engine, SAM, appeal_id, now=house.now)
    house.next(SAM)
    with pytest.raises(AppealError, match="sam has it"):
        house.claim(appeal_id, TESS)
    release(house.engine, SAM, appeal_id, now=house.now)
    assert house.next(TESS) is not None


def test_a_user_may_withdraw_until_it_is_decided(house: House) -> None:
    one, other = house.done("u1", "u2")
    first, second = house.appealed(one, "S-1"), house.appealed(other, "S-2")
    house.claim(first)
    for _ in range(2):
        found = withdraw(house.engine, first, now=house.now)
        assert (found.state, found.leased_by) == ("withdrawn", None)
    with pytest.raises(AppealError, match="is withdrawn"):
        house.decide(first)
    house.claim(second)
    house.decide(second)
    with pytest.raises(AppealError, match="is overturned"):
        withdraw(house.engine, second, now=house.now, by=SAM)
    assert house.receive(one, "S-3").code == "accepted"
    assert house.notices("appeal") == [("appeal", "queued")]


def test_the_state_says_what_is_late(house: House) -> None:
    (suspended,) = house.done("u1")
    house.appealed(suspended)

    def state() -> tuple[bool, bool, timedelta]:
        with reading(house.engine) as connection:
            (found,) = sla_state(connection, house.terms, house.now)
        return found.first_late, found.breached, found.left

    assert state() == (False, False, timedelta(days=7))
    house.forward(days=1)  # eight hours of work
    assert state() == (True, False, timedelta(days=6))
    house.next()
    assert state() == (False, False, timedelta(days=6))
    house.forward(days=6)
    assert state() == (False, True, timedelta(0))


def test_one_appeal_is_given_to_one_of_many_who_ask_at_once(house: House) -> None:
    ids = house.done("u1", "u2")
    for number, enforcement_id in enumerate(ids):
        house.appealed(enforcement_id, f"S-{number}")
    people = [replace(SAM, id=f"sam-{number}") for number in range(6)]
    barrier = threading.Barrier(len(people))
    found = list[Appeal | None]()

    def ask(who: Person) -> None:
        barrier.wait()
        found.append(house.next(who))

    threads = [threading.Thread(target=ask, args=[who]) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [one for one in found if one is not None]
    assert len(found) == 6
    assert len({one.appeal_id for one in taken}) == len(taken) == 2
    assert {house.appeal(one.appeal_id).reviewer for one in taken} == {
        one.reviewer for one in taken
    }
    assert house.is_sound()
