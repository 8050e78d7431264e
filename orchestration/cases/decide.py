"""Deciding a case: outcomes, labels, gaps and reports are written, and the case is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from orchestration.cases.errors import CaseError
from orchestration.cases.holding import Deed, begun, require_held
from orchestration.cases.judging import Outcome, Unit, Verdict, judged
from orchestration.cases.making import SHOWN, nobodys
from orchestration.cases.members import members
from orchestration.cases.missing import Gap, open_gap
from orchestration.cases.terms import Terms
from orchestration.ledger.audit import append
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.labels import Label, Source, labels_on, standing, write_labels
from orchestration.ledger.tables import decisions, outcomes, reports
from orchestration.measurement.sampling import UNIFORM, drawn
from orchestration.oncall.people import Person
from orchestration.policies.actions import Automation
from orchestration.policies.policy import Policy
from orchestration.triage.desks import Source as Opener

Judged = Sequence[tuple[Unit, Outcome]]
VALUES = {Verdict.VIOLATING: True, Verdict.BENIGN: False}
OF_CASES = frozenset({Source.CASE, Source.RANDOM})
NO_POLICY = "no_policy"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was made: the closed case, and how many labels it gave."""

    decision_id: str
    case: Case
    labels: int


def decide(
    engine: Engine,
    who: Person,
    case_id: str,
    chosen: Mapping[str, Outcome],
    policy_id: str | None,
    *,
    terms: Terms,
    now: datetime,
    reason: str = "decided",
    assisted_by: str | None = None,
    confidence: float | None = None,
) -> Decided:
    """Decide a case and close it; `chosen` has the outcome of each unit, as `judging` names them.

    The decision pins the policy's version and ground, and supersedes the case's last one. It labels
    the alerts that are violating or benign, opens a gap where no policy fits, and says of the
    case's reports whether they were right. `confidence` is 0 to 1. Raises CaseError unless the
    person has the case in review, and for outcomes that do not go; PolicyError for no such policy.
    """
    with begun(engine, who, "review", case_id, now) as deed:
        require_held(deed, CaseState.IN_REVIEW)
        _check_confidence(confidence)
        have = members(deed.connection, [case_id])[case_id]
        found, policy = judged(terms, have, chosen, policy_id)
        more = {"assisted_by": assisted_by, "confidence": confidence}
        decision_id = _write(deed, found, policy, reason, more)
        labels = _label(deed, found, decision_id, policy, terms)
        if any(outcome.verdict is Verdict.NO_POLICY for _, outcome in found):
            case = deed.case
            gap = Gap(NO_POLICY, case_id, case.product, case.harm, policy_id)
            open_gap(deed.connection, gap, deed.act(reason), decision_id)
        _judge_reports(deed, found)
        return Decided(decision_id, _close(deed, terms, reason), labels)


def last_decision(connection: Connection, case_id: str) -> str | None:
    """The decision that holds for a case; None if there is none yet."""
    newest = select(decisions.c.decision_id).where(decisions.c.case_id == case_id)
    found: str | None = connection.execute(
        newest.order_by(decisions.c.audit_seq.desc()).limit(1)
    ).scalar_one_or_none()
    return found


def _check_confidence(confidence: float | None) -> None:
    if confidence is not None and not 0 <= confidence <= 1:
        raise CaseError(f"The confidence is {confidence}; wanted 0 to 1, or nothing.")


def _write(
    deed: Deed, found: Judged, policy: Policy | None, reason: str, more: Mapping[str, Any]
) -> str:
    """Write the decision with its outcomes; its id."""
    case = deed.case
    before = last_decision(deed.connection, case.case_id)
    digest = digest_parts("decision", case.case_id, before, deed.who.id)
    row = {
        "decision_id": f"decision_{digest[:SHOWN]}",
        "case_id": case.case_id,
        "policy_id": policy.id if policy else None,
        "policy_version": policy.version if policy else None,
        "ground": policy.ground.kind.value if policy else None,
        "automated_detection": case.source == Opener.ALERT,
        "automated_decision": Automation.NOT.value,
        "decider": deed.who.id,
        "decided_at": deed.now,
        "supersedes": before,
        **more,
    }
    rows = [
        {
            "decision_id": row["decision_id"],
            "unit": unit.id,
            "alert_id": unit.alert.alert_id if unit.alert else None,
            "entity_type": unit.entity_type,
            "entity": unit.entity,
            "outcome": outcome.verdict.value,
            "action": outcome.action,
        }
        for unit, outcome in found
    ]
    seq = append(
        deed.connection,
        act=deed.act(reason),
        verb="decide",
        object_id=f"decision:{row['decision_id']}",
        after=digest_record({**row, "outcomes": rows}),
    )
    deed.connection.execute(insert(decisions), {**row, "audit_seq": seq, "acted": False})
    deed.connection.execute(insert(outcomes), rows)
    return str(row["decision_id"])


def _label(deed: Deed, found: Judged, decision_id: str, policy: Policy | None, terms: Terms) -> int:
    """Label the alerts whose truth is known now; how many."""
    told = [
        (unit.alert, VALUES[outcome.verdict])
        for unit, outcome in found
        if unit.alert is not None and outcome.verdict in VALUES
    ]
    given = labels_on(deed.connection, [alert.alert_id for alert, _ in told])
    last = {
        (label.unit_id, label.monitor_version): label.label_id
        for label in standing(given)
        if label.source in OF_CASES
    }
    new = []
    for alert, value in told:
        of_slice = drawn(alert.alert_id, terms.seed, terms.share)
        label = Label(
            label_id=digest_parts("case", decision_id, alert.alert_id),
            unit_id=alert.alert_id,
            value=value,
            source=Source.RANDOM if of_slice else Source.CASE,
            rater=deed.who.id,
            monitor=alert.monitor,
            monitor_version=alert.version,
            created_at=deed.now,
            inclusion_prob=terms.share if of_slice else None,
            stratum=UNIFORM if of_slice else None,
            policy_version=f"{policy.id}/{policy.version}" if policy else None,
            supersedes=last.get((alert.alert_id, alert.version)),
        )
        new.append(label)
    return write_labels(deed.connection, new, deed.act("labels of a decision"))


def _judge_reports(deed: Deed, found: Judged) -> None:
    """Say of the case's reports whether they were right; the rest stays open."""
    by_entity: dict[str, set[Verdict]] = {}
    for unit, outcome in found:
        by_entity.setdefault(unit.entity, set()).add(outcome.verdict)
    mine = select(reports.c.report_id, reports.c.target).where(
        reports.c.case_id == deed.case.case_id
    )
    every = {outcome.verdict for _, outcome in found}
    said = {
        row.report_id: _is_valid(by_entity.get(row.target, every))
        for row in deed.connection.execute(mine.order_by(reports.c.report_id))
    }
    for valid in (True, False):
        ids = [report_id for report_id, was in said.items() if was is valid]
        if not ids:
            continue
        append(
            deed.connection,
            act=deed.act("reports of a case that was decided"),
            verb="confirm" if valid else "dismiss",
            object_id=f"case_reports:{deed.case.case_id}",
            after=digest_parts(*ids),
        )
        some = reports.c.case_id == deed.case.case_id
        change = update(reports).where(some, reports.c.report_id.in_(ids))
        deed.connection.execute(change.values(valid=valid))


def _is_valid(verdicts: set[Verdict]) -> bool | None:
    if Verdict.VIOLATING in verdicts:
        return True
    return False if verdicts == {Verdict.BENIGN} else None


def _close(deed: Deed, terms: Terms, reason: str) -> Case:
    """Write that the case is decided, and closed."""
    now = deed.now
    made = replace(
        nobodys(deed.case),
        state=CaseState.DECIDED,
        assignee=deed.who.id,
        decided_at=now,
        changed_at=now,
    )
    deed.become(made, reason)
    until = now + terms.desks.reopen_window
    over = replace(made, state=CaseState.CLOSED, closed_at=now, reopen_until=until)
    return replace(deed, case=made).become(over, reason)
