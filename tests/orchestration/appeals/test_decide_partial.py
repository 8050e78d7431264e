import pytest

from orchestration.appeals.codes import Outcome
from orchestration.appeals.errors import AppealError
from tests.orchestration.appeals.houses import (
    START,
    TESS,
    House,
)

OVERTURNED, UPHELD, PARTIAL = Outcome.OVERTURNED, Outcome.UPHELD, Outcome.PARTIAL


def test_partial_takes_it_back_and_decides_something_lighter(house: House) -> None:
    (suspended,) = house.done("u1")
    decided = house.decided(suspended, PARTIAL, action="restrict_messaging")
    new = {row["decision_id"]: row for row in house.table("decisions")}[decided.decision_id]
    assert (new["supersedes"], new["case_id"], new["decider"]) == ("d-u1", "case-d-u1", "sam")
    assert (new["acted"], new["policy_id"], new["policy_version"]) == (False, "spam", 1)
    (outcome,) = [
        row for row in house.table("outcomes") if row["decision_id"] == decided.decision_id
    ]
    assert (outcome["alert_id"], outcome["outcome"]) == ("a-u1", "violating")
    assert outcome["action"] == "restrict_messaging"
    assert house.table("labels") == []
    assert house.table("strikes")[0]["removed_at"] == START

    house.room.plan()
    house.floor.run()
    house.floor.undo()
    assert house.floor.value("u1") == "active"
    assert house.floor.value("u1", "messaging") == "contacts_only"
    standing = [row.action for row in house.room.rows().values() if row.standing]
    assert standing == ["restrict_messaging"]
    assert house.is_sound()


def test_a_lighter_action_of_the_same_class_follows_once_the_first_is_undone(house: House) -> None:
    (suspended,) = house.done("u1")
    house.decided(suspended, PARTIAL, action="suspend_24h")
    house.room.plan()
    assert house.floor.run().applied == 0
    house.floor.undo()
    assert house.floor.value("u1") == "active"
    house.room.unblock()
    assert house.floor.run().applied == 1
    assert house.room.states() == {
        "a-u1 suspend_account": ("reversed", None),
        "a-u1 suspend_24h": ("applied", None),
    }


def test_partial_leaves_what_else_was_decided_as_it_is(house: House) -> None:
    first, second = house.done("u1", "u2")
    house.decided(first, PARTIAL, action="restrict_messaging")
    house.room.plan()
    house.floor.undo()
    house.floor.run()
    other = house.floor.row(second)
    assert (other.state, other.flag, other.reversal_id) == ("applied", None, None)
    assert house.floor.value("u2") == "suspended"
    house.room.unblock()
    house.floor.run()
    assert house.floor.value("u1") == "active"
    assert [key for kind, key in house.floor.client.effects() if kind == "applied"].count(
        other.idempotency_key
    ) == 1


def test_partial_does_not_bring_back_what_another_appeal_took_back(house: House) -> None:
    first, second = house.done("u1", "u2")
    house.decided(first, OVERTURNED, "S-1")
    house.floor.undo()
    house.decided(second, PARTIAL, "S-2", TESS, action="restrict_messaging")
    house.room.plan()
    house.floor.undo()
    house.room.unblock()
    house.floor.run()
    assert house.floor.value("u1") == "active"
    assert house.floor.value("u1", "messaging") == "open"
    assert house.floor.value("u2") == "active"
    assert house.floor.value("u2", "messaging") == "contacts_only"


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (None, "names no action"),
        ("send_flowers", "names no action"),
        ("suspend_account", "no lighter"),
        ("terminate_account", "not allowed"),
        ("hold_payments", "not allowed"),
    ],
)
def test_only_a_lighter_action_that_the_policy_allows_is_partial(
    house: House, action: str | None, said: str
) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    house.claim(appeal_id)
    with pytest.raises(AppealError, match=said):
        house.decide(appeal_id, PARTIAL, action=action)
    assert house.appeal(appeal_id).state == "in_review"
    assert house.table("reversals") == []
    assert len(house.table("decisions")) == 1


def test_one_of_a_clusters_members_is_overturned_and_not_decided_in_part(house: House) -> None:
    house.done("u1")
    (member,) = house.floor.approve("u3", alert_id="a-u1", decision_id="d-u1")
    house.floor.run()
    appeal_id = house.appealed(member)
    house.claim(appeal_id)
    with pytest.raises(AppealError, match="members"):
        house.decide(appeal_id, PARTIAL, action="restrict_messaging")
    decided = house.decide(appeal_id)
    assert decided.code == "overturned"
    assert decided.labels == 0  # the alert is about the ring, of which this says nothing


def test_without_a_case_nothing_lighter_can_be_decided(house: House) -> None:
    (alone,) = house.floor.approve("u3")
    house.floor.run()
    appeal_id = house.appealed(alone)
    house.claim(appeal_id)
    with pytest.raises(AppealError, match="No case is about"):
        house.decide(appeal_id, PARTIAL, action="restrict_messaging")
    assert house.decide(appeal_id).labels == 0
