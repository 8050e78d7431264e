from datetime import datetime

import pytest
from sqlalchemy import insert

from monitors.harms import Harm
from orchestration.cases.errors import CaseError
from orchestration.cases.gaps import GapRow, OpenGap, close_gap, open_gaps, policy_gaps
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.missing import open_escalation
from orchestration.cases.reopen import reopen
from orchestration.ledger.audit import Entry, entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import appeals, batches, enforcements
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BEN, BENIGN, ENGINEER, VIEWER, VIOLATING, Office

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


def missed(office: Office, hour: float, entity: str) -> OpenGap:
    """Something that no monitor caught is told, by an engineer."""
    case = open_escalation(
        office.engine,
        ENGINEER,
        [("account_id", entity)],
        "chat",
        Harm.SPAM,
        terms=office.terms,
        now=at(hour),
    )
    return next(gap for gap in still_open(office) if gap.case_id == case.case_id)


def still_open(office: Office) -> list[OpenGap]:
    with reading(office.engine) as connection:
        return open_gaps(connection)


def audited(office: Office, gap: OpenGap) -> list[Entry]:
    with reading(office.engine) as connection:
        return [one for one in entries(connection) if one.object == f"gap:{gap.gap_id}"]


def test_a_gap_is_closed_once_with_its_monitor_and_reason_in_the_audit(office: Office) -> None:
    first = missed(office, 1, "account_7f3a09c2e1d4")
    second = missed(office, 2, "account_000000000001")
    assert still_open(office) == [first, second]
    assert (first.kind, first.opened_at, first.opened_by) == ("missed", at(1), "eva")

    closed = close_gap(
        *(office.engine, ANA, first.gap_id), monitor="chat/spam", reason="it does now", now=at(3)
    )

    assert closed == first
    assert still_open(office) == [second]
    assert gaps(office, at(0)) == [GapRow("open", "", "chat", "spam", "missed", 1)]
    (row,) = [row for row in office.rows("gaps") if row["gap_id"] == first.gap_id]
    assert (row["closed_at"], row["closed_by"]) == (at(3), "ana")
    opening, closing = audited(office, first)
    assert (closing.verb, closing.actor, closing.at) == ("close_gap", "ana", at(3))
    assert closing.reason == "chat/spam: it does now"
    assert (closing.before, closing.after != closing.before) == (opening.after, True)
    assert office.is_sound()


def test_a_closed_gap_is_closed_no_more_and_stays_as_it_was(office: Office) -> None:
    gap = missed(office, 1, "account_7f3a09c2e1d4")
    close_gap(office.engine, ANA, gap.gap_id, monitor=None, reason="it was a test", now=at(2))
    with pytest.raises(CaseError, match=f"ana closed the gap {gap.gap_id} at .*nothing was"):
        close_gap(office.engine, BEN, gap.gap_id, monitor=None, reason="again", now=at(3))
    with pytest.raises(CaseError, match="There is no gap gap_nosuch"):
        close_gap(office.engine, BEN, "gap_nosuch", monitor=None, reason="again", now=at(3))
    (row,) = office.rows("gaps")
    assert (row["closed_at"], row["closed_by"]) == (at(2), "ana")
    assert [one.reason for one in audited(office, gap)][1:] == ["it was a test"]


def test_who_may_not_open_a_case_closes_no_gap(office: Office) -> None:
    gap = missed(office, 1, "account_7f3a09c2e1d4")
    with pytest.raises(PeopleError, match="'open_case'"):
        close_gap(office.engine, VIEWER, gap.gap_id, monitor=None, reason="x", now=at(2))
    assert still_open(office) == [gap]
