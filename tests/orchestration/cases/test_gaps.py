from datetime import datetime

from sqlalchemy import insert

from orchestration.cases.gaps import GapRow, policy_gaps
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.reopen import reopen
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import appeals, batches, enforcements
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BEN, BENIGN, VIOLATING, Office

NO_POLICY = Outcome(Verdict.NO_POLICY)


def gaps(office: Office, since: datetime) -> list[GapRow]:
    with reading(office.engine) as connection:
        return policy_gaps(connection, since)


def again(office: Office, hour: float, outcome: Outcome, who: Person) -> None:
    """The case of `a` is reopened and decided anew."""
    case_id = office.case_of("a").case_id
    reopen(office.engine, who, case_id, reason="new", terms=office.terms, now=at(hour))
    office.decided(office.case(case_id), hour, outcome, who=who)


def test_units_without_a_policy_are_counted_with_their_open_gap(office: Office) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    for name in ("a", "b"):
        office.decided(office.case_of(name), 2, NO_POLICY, policy=None)
    assert gaps(office, at(0)) == [
        GapRow("no_policy", "", "chat", "spam", "", 2),
        GapRow("open", "", "chat", "spam", "no_policy", 2),
    ]
    assert gaps(office, at(3)) == [GapRow("open", "", "chat", "spam", "no_policy", 2)]


def test_two_people_who_judge_an_entity_differently_by_one_policy_disagree(
    office: Office,
) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.decided(office.case(), 2, VIOLATING)
    again(office, 3, VIOLATING, BEN)
    assert gaps(office, at(0)) == []
    again(office, 4, BENIGN, BEN)
    assert gaps(office, at(0)) == [GapRow("disagreement", "spam", "", "", "", 1)]


def test_who_changed_their_own_mind_disagrees_with_nobody(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.decided(office.case(), 2, VIOLATING)
    again(office, 3, BENIGN, ANA)
    assert gaps(office, at(0)) == []


def test_what_appeals_took_back_is_counted_by_policy(office: Office) -> None:
    common = {
        "batch_id": "b1",
        "product": "chat",
        "policy_id": "spam",
        "policy_version": 1,
        "target_type": "account_id",
        "action": "warn",
        "action_class": "notice",
        "mode": "live",
        "state": "applied",
        "standing": False,
        "automated": "not",
        "needs": 0,
        "planned_at": at(1),
        "not_before": at(1),
        "attempts": 1,
    }
    outcomes = {"e1": "overturned", "e2": "upheld", "e3": "partial"}
    with writing(office.engine) as connection:
        batch = {
            "batch_id": "b1",
            "audit_seq": 1,
            "source": "decision",
            "mode": "live",
            "planned_at": at(1),
            "size": 3,
            "preview": {},
        }
        connection.execute(insert(batches), batch)
        for name, outcome in outcomes.items():
            row = {**common, "enforcement_id": name, "idempotency_key": name, "target": name}
            connection.execute(insert(enforcements), row)
            appeal = {
                "appeal_id": name,
                "enforcement_id": name,
                "product": "chat",
                "reference": name,
                "reason": "mistake",
                "state": "notified",
                "received_at": at(1),
                "sla": {},
                "due_at": at(9),
                "outcome": outcome,
                "decided_at": at(2),
            }
            connection.execute(insert(appeals), appeal)
    assert gaps(office, at(0)) == [GapRow("overturned", "spam", "chat", "", "", 2)]
    assert gaps(office, at(3)) == []
