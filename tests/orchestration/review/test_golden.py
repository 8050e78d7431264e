from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append, entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.machines import one
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState, add_tasks
from orchestration.ledger.tables import answers
from orchestration.ledger.verify import verify
from orchestration.oncall.errors import PeopleError
from orchestration.review.errors import ReviewError
from orchestration.review.golden import (
    Golden,
    add,
    expire,
    golden_set,
    golden_units,
    retire,
    version_of,
)
from orchestration.review.leaks import leaked
from tests.support.cases import ANA, LEAD, POLICIES, Office
from tests.support.ledgers import NOON, person

DAY = timedelta(days=1)
SPAM_1 = "spam/1"
COUNTER = count()  # a product of its own for each example


BUMPED = replace(POLICIES, items=tuple(replace(one, version=9) for one in POLICIES.items))


@dataclass
class Room:
    """Tasks that were drawn and answered, by a few words."""

    engine: Engine

    def drawn(self, unit: str, **changed: object) -> str:
        made = ReviewTask(
            task_id=f"task_{unit}",
            kind="window",
            unit_id=f"scored:{unit}",
            product="chat",
            monitor="chat/mass_dm",
            version=1,
            entity_type="account_id",
            entity=f"account_{unit}",
            window_start=NOON - DAY,
            window_end=NOON,
            rank=0.5,
            made_at=NOON,
            due_at=NOON + 7 * DAY,
            stratum="bulk",
            inclusion_prob=0.01,
        )
        task = replace(made, **changed)  # type: ignore[arg-type]
        with writing(self.engine) as connection:
            add_tasks(connection, [task], Act(Actor("sampling", "system"), NOON, "drawn"))
        return task.unit_id

    def answered(
        self,
        unit: str,
        *raters: str,
        verdict: str = "violating",
        task: str | None = None,
        policy: str = SPAM_1,
        at: datetime = NOON,
    ) -> None:
        for rater in raters:
            with writing(self.engine) as connection:
                name = f"{task or unit}-{rater}"
                seq = append(
                    connection, act=person(who=rater), verb="answer", object_id=f"answer:{name}"
                )
                row = {
                    "answer_id": name,
                    "audit_seq": seq,
                    "task_id": f"task_{task or unit}",
                    "unit_id": f"scored:{unit}",
                    "rater": rater,
                    "verdict": verdict,
                    "policy_version": policy,
                    "answered_at": at,
                }
                connection.execute(insert(answers), row)

    def settled(self, unit: str, verdict: str = "violating") -> str:
        """A unit on which two raters agree."""
        unit_id = self.drawn(unit)
        self.answered(unit, "ben", "cara", verdict=verdict)
        return unit_id

    def gold(self, unit: str) -> Golden:
        return add(
            self.engine, LEAD, self.settled(unit), value=True, policy_version=SPAM_1, now=NOON
        ).item

    def asked(self, item: Golden, task: str, *raters: str) -> None:
        """A task that asks for an item, and who answered it."""
        unit = item.unit_id.removeprefix("scored:")
        self.drawn(
            unit,
            task_id=f"task_{task}",
            kind="golden",
            golden_id=item.golden_id,
            stratum=None,
            inclusion_prob=None,
        )
        self.answered(unit, *raters, task=task)

    def ids(self, version: int | None = None) -> tuple[int, list[str]]:
        """Version and units of the set of chat."""
        with reading(self.engine) as connection:
            found = golden_set(connection, "chat", version)
        return found.version, sorted(item.unit_id for item in found.items)


@pytest.fixture
def room(ledger: Engine) -> Iterator[Room]:
    yield Room(ledger)
    with reading(ledger) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_what_two_raters_agree_on_becomes_gold_with_a_new_version_of_the_set(room: Room) -> None:
    unit = room.settled("u1")
    found = add(room.engine, LEAD, unit, value=True, policy_version=SPAM_1, now=NOON)
    assert found.new
    assert (found.item.unit_id, found.item.value, found.item.added_by) == (unit, True, "lea")
    assert found.item.expires_at == NOON + 90 * DAY
    assert room.ids() == (1, ["scored:u1"])
    room.gold("u2")
    assert room.ids() == (2, ["scored:u1", "scored:u2"])
    assert room.ids(version=1) == (1, ["scored:u1"])
    assert room.ids(version=0) == (0, [])
    with reading(room.engine) as connection:
        *_, last = entries(connection)
        assert (last.verb, last.actor) == ("add_gold", "lea")
        assert golden_units(connection) == {"scored:u1", "scored:u2"}
        assert version_of(connection, "api") == 0


def test_a_unit_is_added_once_by_its_id_or_by_that_of_its_task(room: Room) -> None:
    first = room.gold("u1")
    given = {"value": True, "policy_version": SPAM_1, "now": NOON + DAY}
    again = add(room.engine, LEAD, "task_u1", **given)  # type: ignore[arg-type]
    assert (again.item, again.new) == (first, False)
    assert room.ids() == (1, ["scored:u1"])
    room.answered("u1", "dan", verdict="benign")
    adjudicated(room, "scored:u1", value=False)
    with pytest.raises(ReviewError, match=r"has this unit as violating by spam/1.*Retire that"):
        add(room.engine, LEAD, "task_u1", value=False, policy_version=SPAM_1, now=NOON)


def adjudicated(room: Room, unit: str, *, value: bool) -> None:
    label = Label(
        label_id=f"adjudicated-{unit}",
        unit_id=unit,
        value=value,
        source=Source.ADJUDICATION,
        rater="lea",
        monitor="chat/mass_dm",
        monitor_version=1,
        created_at=NOON,
        policy_version=SPAM_1,
    )
    with writing(room.engine) as connection:
        write_labels(connection, [label], person())


def test_an_adjudication_settles_what_raters_differ_on(room: Room) -> None:
    room.drawn("u1")
    room.answered("u1", "ben")
    room.answered("u1", "cara", verdict="benign")
    given = {"policy_version": SPAM_1, "now": NOON}
    with pytest.raises(ReviewError, match="truth is not settled; wanted an adjudication, or 2"):
        add(room.engine, LEAD, "scored:u1", value=False, **given)  # type: ignore[arg-type]
    adjudicated(room, "scored:u1", value=False)
    assert add(room.engine, LEAD, "scored:u1", value=False, **given).new  # type: ignore[arg-type]


def test_what_is_not_settled_is_no_gold(room: Room) -> None:
    room.drawn("alone")
    room.answered("alone", "ben")
    room.drawn("vague")
    room.answered("vague", "ben", "cara", verdict="insufficient")
    room.drawn("mixed")
    room.answered("mixed", "ben")
    room.answered("mixed", "cara", policy="spam/2")
    for unit in ("alone", "vague", "mixed"):
        with pytest.raises(ReviewError, match="truth is not settled"):
            add(room.engine, LEAD, f"scored:{unit}", value=True, policy_version=SPAM_1, now=NOON)
    room.settled("u1")
    for value, policy, wanted in (
        (False, SPAM_1, "was found violating; benign was given"),
        (True, "spam/2", "was judged by spam/1; spam/2 was given"),
    ):
        with pytest.raises(ReviewError, match=wanted):
            add(room.engine, LEAD, "task_u1", value=value, policy_version=policy, now=NOON)
    with pytest.raises(ReviewError, match="Nothing of that id was ever drawn"):
        add(room.engine, LEAD, "scored:u9", value=True, policy_version=SPAM_1, now=NOON)
    with pytest.raises(PeopleError, match="none of which may 'gold'; wanted one of lead"):
        add(room.engine, ANA, "task_u1", value=True, policy_version=SPAM_1, now=NOON)
    assert room.ids() == (0, [])


def test_answers_to_gold_do_not_settle_the_truth_that_measures_them(room: Room) -> None:
    item = room.gold("u1")
    room.asked(item, "g1", "dan")
    room.answered("u1", "eve", task="g1", verdict="benign")
    assert retire(room.engine, LEAD, item.golden_id, "wrong", now=NOON)
    again = add(room.engine, LEAD, "scored:u1", value=True, policy_version=SPAM_1, now=NOON)
    assert again.new
    assert again.item.golden_id != item.golden_id


def test_what_is_retired_is_in_the_versions_before_and_asked_for_no_more(room: Room) -> None:
    item = room.gold("u1")
    room.gold("u2")
    room.asked(item, "g1")
    assert retire(room.engine, LEAD, item.golden_id, "wrong", now=NOON + DAY)
    assert not retire(room.engine, LEAD, item.golden_id, "leaked", now=NOON + DAY)
    assert room.ids() == (3, ["scored:u2"])
    assert room.ids(version=2) == (2, ["scored:u1", "scored:u2"])
    with reading(room.engine) as connection:
        assert one(connection, REVIEW_TASKS, "task_g1").state is TaskState.WITHDRAWN
        assert one(connection, REVIEW_TASKS, "task_u1").state is TaskState.OPEN
        assert golden_units(connection) == {"scored:u1", "scored:u2"}
    with pytest.raises(ReviewError, match="no golden item of that id"):
        retire(room.engine, LEAD, "golden_9", "wrong", now=NOON)
    with pytest.raises(PeopleError, match="may 'gold'"):
        retire(room.engine, ANA, item.golden_id, "wrong", now=NOON)


def test_items_end_with_their_time_and_with_their_policy(room: Room) -> None:
    room.gold("u1")
    room.gold("u2")
    assert expire(room.engine, NOON + 89 * DAY, POLICIES) == {}
    assert room.ids() == (2, ["scored:u1", "scored:u2"])
    assert expire(room.engine, NOON + 90 * DAY, POLICIES) == {"expired": 2}
    assert room.ids() == (3, [])
    assert expire(room.engine, NOON + 90 * DAY, POLICIES) == {}
    room.gold("u3")
    assert expire(room.engine, NOON + DAY, BUMPED) == {"policy": 1}
    assert room.ids() == (5, [])


def test_an_item_that_most_raters_answered_has_leaked(room: Room) -> None:
    known, fresh = room.gold("u1"), room.gold("u2")
    room.asked(known, "g1", "r1", "r2")
    room.asked(fresh, "g2", "r3")
    assert leaks(room) == set()  # three raters are no crowd
    room.asked(fresh, "g3", "r4")
    assert leaks(room) == set()  # two of four
    room.asked(known, "g4", "r3")
    assert leaks(room) == {known.golden_id}
    assert expire(room.engine, NOON + DAY, POLICIES) == {"leaked": 1}
    assert room.ids()[1] == ["scored:u2"]


def leaks(room: Room) -> frozenset[str]:
    with reading(room.engine) as connection:
        return leaked(connection, NOON + DAY)


def test_an_item_that_comes_up_in_an_open_case_has_leaked(room: Room) -> None:
    office = Office(room.engine)
    office.watch()
    office.found(0, "account_u1")
    office.open(2)
    known, other = room.gold("u1"), room.gold("u2")
    assert known.entity == "account_u1"
    assert leaks(room) == {known.golden_id}
    office.decided(office.case(), 4)
    assert leaks(room) == set()
    assert expire(room.engine, NOON + DAY, POLICIES) == {}
    assert room.ids() == (2, [known.unit_id, other.unit_id])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=8))
def test_each_change_is_a_version_and_earlier_versions_stay_as_they_were(
    room: Room, steps: list[tuple[bool, int]]
) -> None:
    product = f"p{next(COUNTER)}"
    units = [f"{product}-{n}" for n in range(4)]
    for unit in units:
        room.drawn(unit, product=product)
        room.answered(unit, "ben", "cara")
    there: dict[str, str] = {}
    expected = [set(there)]
    for adds, n in steps:
        unit_id = f"scored:{units[n]}"
        if adds:
            given = {"value": True, "policy_version": SPAM_1, "now": NOON}
            made = add(room.engine, LEAD, unit_id, **given)  # type: ignore[arg-type]
            assert made.new == (unit_id not in there)
            there[unit_id] = made.item.golden_id
        elif unit_id in there:
            assert retire(room.engine, LEAD, there.pop(unit_id), "wrong", now=NOON)
        if set(there) != expected[-1]:
            expected.append(set(there))
    with reading(room.engine) as connection:
        found = [golden_set(connection, product, version) for version in range(len(expected))]
        assert version_of(connection, product) == len(expected) - 1
    assert [{item.unit_id for item in one.items} for one in found] == expected
