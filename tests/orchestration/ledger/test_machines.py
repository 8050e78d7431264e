from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from monitors.contract import Severity
from orchestration.ledger.audit import entries
from orchestration.ledger.case_states import CASE, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import ENFORCEMENT, EnforcementState
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.machines import as_row, of_ids, one, where, write
from orchestration.ledger.states import permitted
from orchestration.ledger.tables import cases, enforcements
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, count, person

LATER = NOON + timedelta(minutes=5)


def case(case_id: str = "c1", state: CaseState = CaseState.NEW) -> Case:
    """A case about nothing in particular."""
    return Case(
        case_id=case_id,
        cluster_id=f"cluster-{case_id}",
        source="alerts",
        harm="scraping",
        product="web",
        severity=Severity.S2,
        score=41.5,
        contributions={"severity": 11.5, "reach": 30.0},
        queue="general",
        rule="default",
        restricted=False,
        state=state,
        opened_at=NOON,
        changed_at=NOON,
        sla={"name": "S2"},
        first_action_due=NOON + timedelta(hours=4),
        resolve_due=NOON + timedelta(hours=24),
        pauses=(("2026-03-02T12:00:00+00:00", None),),
    )


def opened(ledger: Engine, *new: Case) -> None:
    with writing(ledger) as connection:
        write(connection, CASES, before={}, after=new, act=act())


def verbs(ledger: Engine) -> list[tuple[str, str]]:
    with reading(ledger) as connection:
        return [(row.verb, row.object) for row in entries(connection)][1:]


def test_a_record_comes_back_as_it_was_written(ledger: Engine) -> None:
    opened(ledger, case())
    with reading(ledger) as connection:
        assert one(connection, CASES, "c1") == case()
        assert where(connection, CASES, cases.c.queue == "fraud") == {}
        assert list(of_ids(connection, CASES, ["c1", "c2"])) == ["c1"]


def test_a_change_of_state_is_one_audit_row_by_its_verb(ledger: Engine) -> None:
    opened(ledger, case("c2"), case("c1"))
    with writing(ledger) as connection:
        before = of_ids(connection, CASES, ["c1", "c2"])
        after = [replace(before["c1"], state=CaseState.TRIAGED, changed_at=LATER)]
        write(connection, CASES, before=before, after=after, act=act(5))
    assert verbs(ledger) == [("open", "case:c2"), ("open", "case:c1"), ("triage", "case:c1")]
    with reading(ledger) as connection:
        assert one(connection, CASES, "c1").state is CaseState.TRIAGED
        assert one(connection, CASES, "c2").state is CaseState.NEW
        assert verify(connection, seals=[]).wrong == ""


def test_a_lease_changes_without_an_audit_row(ledger: Engine) -> None:
    opened(ledger, case())
    with writing(ledger) as connection:
        before = of_ids(connection, CASES, ["c1"])
        after = [replace(before["c1"], leased_until=LATER, revision=2)]
        write(connection, CASES, before=before, after=after, act=act(5))
    assert verbs(ledger) == [("open", "case:c1")]
    with reading(ledger) as connection:
        assert one(connection, CASES, "c1").leased_until == LATER
        assert verify(connection, seals=[]).wrong == ""


def test_a_move_that_the_table_lacks_writes_nothing(ledger: Engine) -> None:
    opened(ledger, case("c1"), case("c2"))
    with writing(ledger) as connection:
        before = of_ids(connection, CASES, ["c1", "c2"])
        after = [
            replace(before["c1"], state=CaseState.TRIAGED),
            replace(before["c2"], state=CaseState.DECIDED),
        ]
        with pytest.raises(LedgerError, match="case:c2 is new and cannot become decided"):
            write(connection, CASES, before=before, after=after, act=act(5))
    with reading(ledger) as connection:
        assert {one.state for one in where(connection, CASES).values()} == {CaseState.NEW}


def test_a_part_of_watchfloor_may_not_decide(ledger: Engine) -> None:
    opened(ledger, case())
    for minutes, state in enumerate((CaseState.TRIAGED, CaseState.ASSIGNED, CaseState.IN_REVIEW)):
        who = act(minutes) if state is CaseState.TRIAGED else person(minutes)
        move(ledger, state, who)
    with pytest.raises(LedgerError, match="'decide' of case:c1 was asked for by the system"):
        move(ledger, CaseState.DECIDED, act(9))
    move(ledger, CaseState.DECIDED, person(9))


def move(ledger: Engine, state: CaseState, by: object) -> None:
    with writing(ledger) as connection:
        before = of_ids(connection, CASES, ["c1"])
        write(
            connection,
            CASES,
            before=before,
            after=[replace(before["c1"], state=state)],
            act=by,  # type: ignore[arg-type]
        )


def test_a_change_that_leaves_the_state_wants_a_name(ledger: Engine) -> None:
    opened(ledger, case())
    with pytest.raises(LedgerError, match="case:c1 would be changed without a verb"):
        amend(ledger, "")
    amend(ledger, "reroute")
    assert verbs(ledger)[-1] == ("reroute", "case:c1")


def amend(ledger: Engine, verb: str) -> None:
    with writing(ledger) as connection:
        before = of_ids(connection, CASES, ["c1"])
        after = [replace(before["c1"], queue="fraud")]
        write(connection, CASES, before=before, after=after, act=act(1), verb=verb)


def test_a_case_begins_as_new(ledger: Engine) -> None:
    with pytest.raises(LedgerError, match="case:c1 would begin as decided; wanted new"):
        opened(ledger, case(state=CaseState.DECIDED))


def test_a_row_that_was_edited_is_found(ledger: Engine) -> None:
    opened(ledger, case())
    with writing(ledger) as connection:
        connection.execute(text("UPDATE cases SET queue = 'nobodys'"))
    with reading(ledger) as connection:
        wrong = verify(connection, seals=[]).wrong
    assert wrong == "Row case:c1 is not as its last act left it: it was edited."


def test_an_id_that_is_not_there_is_named_by_its_length(ledger: Engine) -> None:
    wanted = r"There is no case of the id given \(5 characters\)"
    with reading(ledger) as connection, pytest.raises(LedgerError, match=wanted):
        one(connection, CASES, "c-999")


def test_a_thousand_records_are_written_at_once(ledger: Engine) -> None:
    opened(ledger, *(case(f"c{number:04}") for number in range(1200)))
    with writing(ledger) as connection:
        before = where(connection, CASES)
        after = [replace(one, state=CaseState.TRIAGED) for one in before.values()]
        write(connection, CASES, before=before, after=after, act=act(5))
        assert count(connection, "audit") == 1 + 2400
    with reading(ledger) as connection:
        assert len(where(connection, CASES, cases.c.state == "triaged")) == 1200


@given(st.sampled_from(sorted(CaseState)), st.sampled_from(sorted(CaseState)))
def test_no_case_moves_but_by_the_table(found: CaseState, to: CaseState) -> None:
    rule = CASE.get((found, to))
    if rule and "person" in rule.by:
        moved = permitted(CASE, what="case:c1", found=found, to=to, act=person())
        assert moved == rule
        return
    with pytest.raises(LedgerError, match="case:c1"):
        permitted(CASE, what="case:c1", found=found, to=to, act=person())


def test_states_that_nothing_leaves_are_the_ends() -> None:
    left = {found for found, _ in ENFORCEMENT}
    assert set(EnforcementState) - left == {
        EnforcementState.DRY_RUN,
        EnforcementState.REVERSED,
        EnforcementState.EXPIRED,
        EnforcementState.FAILED,
    }
    assert {found for found in CaseState if found not in {one for one, _ in CASE}} == set()


def test_a_record_is_a_row_of_its_table() -> None:
    assert set(as_row(case())) == set(cases.c.keys())
    assert {"standing", "prior", "leased_by"} <= set(enforcements.c.keys())
