from dataclasses import replace

import pytest
from sqlalchemy import insert

from monitors.contract import Severity
from orchestration.ledger.database import writing
from orchestration.ledger.tables import batches, enforcements, strikes
from tests.orchestration.alerts.builders import THEFT, at
from tests.support.cases import BENIGN, VIOLATING, Office


def strike(office: Office, number: int, entity: str, **changed: object) -> None:
    """A strike against an account, of weight 1 until the 100th hour."""
    name = f"e{number}"
    batch = {
        "batch_id": name,
        "audit_seq": 1,
        "source": "decision",
        "mode": "live",
        "planned_at": at(0),
        "size": 1,
        "preview": {},
    }
    done = {
        "enforcement_id": name,
        "idempotency_key": name,
        "batch_id": name,
        "product": "chat",
        "policy_id": "spam",
        "policy_version": 1,
        "target_type": "account_id",
        "target": entity,
        "action": "warn",
        "action_class": "notice",
        "mode": "live",
        "state": "applied",
        "standing": False,
        "automated": "not",
        "needs": 0,
        "planned_at": at(0),
        "not_before": at(0),
        "attempts": 1,
    }
    row = {
        "strike_id": name,
        "audit_seq": 1,
        "enforcement_id": name,
        "entity_type": "account_id",
        "entity": entity,
        "policy_id": "spam",
        "weight": 1,
        "at": at(0),
        "expires_at": at(100),
        **changed,
    }
    with writing(office.engine) as connection:
        connection.execute(insert(batches), batch)
        connection.execute(insert(enforcements), done)
        connection.execute(insert(strikes), row)


def repeat(office: Office, entity: str) -> float:
    """What strikes add to the score of an entity's case."""
    found = office.case_of(entity).contributions
    return found["repeat"]


def test_strikes_that_count_now_raise_the_score(office: Office) -> None:
    strike(office, 1, "a")
    strike(office, 2, "a", weight=2)
    strike(office, 3, "b")
    strike(office, 4, "c", removed_at=at(1))
    strike(office, 5, "d", expires_at=at(1.2))
    office.found(0, "a", "b", "c", "d")
    office.open(1.2)
    whole = 100 * 0.1 / 0.75  # nothing is measured, so the rest weighs more
    assert repeat(office, "a") == pytest.approx(whole)
    assert repeat(office, "b") == pytest.approx(whole / 3)
    assert (repeat(office, "c"), repeat(office, "d")) == (0, 0)


def test_graver_cases_and_those_that_reach_further_score_higher(office: Office) -> None:
    office.links = {name: ["ring"] for name in ("r1", "r2", "r3", "r4")}
    office.found(0, "a", "r1", "r2", "r3", "r4")
    office.found(0, "b", monitor=THEFT, severity=Severity.S1)
    office.open(1.2)
    scores = [
        office.case_of(name, monitor).score or 0
        for name, monitor in (("a", "chat/mass_dm"), ("r1", "chat/mass_dm"), ("b", THEFT))
    ]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_what_nobody_can_say_of_a_harm_is_left_out_of_the_score(office: Office) -> None:
    office.found(0, "a", harm="cyber")
    office.open(1.2)
    assert set(office.case().contributions) == {"severity", "reach", "repeat", "age"}


def test_the_share_that_was_right_is_what_violating_adds(office: Office) -> None:
    office.terms = replace(office.terms, share=1.0)
    names = [f"n{number:02}" for number in range(20)]
    office.found(0, *names)
    office.open(1.2)
    for number, name in enumerate(names):
        outcome = VIOLATING if number < 15 else BENIGN
        office.decided(office.case_of(name), 2, outcome)
    office.found(1, "z")
    office.open(2.2)
    assert office.case_of("z").contributions["violating"] == pytest.approx(25 * 0.75)
