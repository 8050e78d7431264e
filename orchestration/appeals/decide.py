"""Deciding appeals: upheld, overturned or partial, each in one transaction with what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine, select

from orchestration.appeals.codes import MOOT, Outcome, Rationale, wrong_rationale
from orchestration.appeals.errors import AppealError
from orchestration.appeals.partial import decide_lighter, lighter
from orchestration.appeals.review import Deed, begun, require_apart, require_held
from orchestration.appeals.reviewers import Authors, authors_of
from orchestration.appeals.telling import tell_of
from orchestration.cases.terms import Terms
from orchestration.enforcement.reverse import ask, to_be_undone
from orchestration.enforcement.strikes import unstrike
from orchestration.ledger.appeals import Appeal
from orchestration.ledger.enforcement_states import SENT, AppealState, EnforcementState
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.tables import alerts
from orchestration.oncall.people import Person

STATES: Mapping[Outcome, AppealState] = {
    Outcome.UPHELD: AppealState.UPHELD,
    Outcome.OVERTURNED: AppealState.OVERTURNED,
    Outcome.PARTIAL: AppealState.PARTIAL,
}
S = EnforcementState


@dataclass(frozen=True, slots=True)
class Decided:
    """An appeal that was decided. `code` is the outcome, or `moot`: somebody took it back before.

    `labels` counts new labels. `decision_id` is of the lighter decision of a partial one.
    `by_people`: what was done cannot be restored by a machine; the reversal flags it for people.
    """

    appeal: Appeal
    code: str
    labels: int = 0
    decision_id: str | None = None
    by_people: bool = False


def decide_appeal(
    engine: Engine,
    who: Person,
    appeal_id: str,
    outcome: Outcome,
    rationale: str,
    *,
    terms: Terms,
    now: datetime,
    action: str | None = None,
    authors: Authors = authors_of,
) -> Decided:
    """Decide an appeal that the person has in review; all that follows is written, or nothing.

    Overturned: the reversal is asked for, the alert is labelled as benign, the strike goes at once,
    and the user's notice is queued. Partial: the same without a label, and a decision with the
    lighter `action`. Kill switches hold up none of it. One that was taken back meanwhile is `moot`:
    its user is told so, and nothing is undone twice. Raises AppealError, PeopleError.
    """
    _check(outcome, rationale, action)
    with begun(engine, who, appeal_id, now) as deed:
        require_held(deed)
        require_apart(deed, terms, authors)
        if not _stands(deed.row):
            return _moot(deed, outcome, rationale, terms)
        appeal = _decided(deed, outcome.value, rationale, STATES[outcome], terms)
        if outcome is Outcome.UPHELD:
            return _close(deed, appeal, Decided(appeal, outcome.value))
        return _undo(deed, appeal, outcome, action, terms)


def _check(outcome: Outcome, rationale: str, action: str | None) -> None:
    wrong = wrong_rationale(outcome, rationale)
    if wrong:
        raise AppealError(f"An appeal cannot be decided so: {wrong}")
    if action is not None and outcome is not Outcome.PARTIAL:
        raise AppealError(
            f"An appeal that is {outcome} names an action; only a partial one does. Leave it out."
        )


def _stands(row: Enforcement) -> bool:
    """Whether there is something to take back that nobody took back yet."""
    return row.state in SENT | {S.APPLIED} and to_be_undone(row)


def _decided(deed: Deed, outcome: str, rationale: str, state: AppealState, terms: Terms) -> Appeal:
    policy = terms.policies.by_id.get(deed.row.policy_id)
    return replace(
        deed.appeal,
        state=state,
        outcome=outcome,
        rationale=Rationale(rationale).value,
        policy_version=policy.version if policy else deed.row.policy_version,
        decided_at=deed.now,
        leased_by=None,
        leased_until=None,
    )


def _undo(
    deed: Deed, appeal: Appeal, outcome: Outcome, action: str | None, terms: Terms
) -> Decided:
    """Take the enforcement back, for good or for something lighter."""
    connection, row, act = deed.connection, deed.row, deed.act(f"an appeal is {outcome}")
    instead = lighter(row, action, terms) if outcome is Outcome.PARTIAL else None
    asked = ask(connection, row.enforcement_id, act=act, appeal_id=appeal.appeal_id)
    decision_id = None
    if instead is not None:  # after the asking: what is taken back later is taken back for good
        decision_id = decide_lighter(connection, row, instead, appeal.appeal_id, act)
    unstrike(connection, [row.enforcement_id], act)
    labels = _label(deed, appeal) if outcome is Outcome.OVERTURNED else 0
    done = terms.enforcement.actions.get(row.action)
    by_people = done is not None and not done.reversible
    after = replace(appeal, reversal_id=asked.reversal_id)
    return _close(deed, after, Decided(after, outcome.value, labels, decision_id, by_people))


def _moot(deed: Deed, outcome: Outcome, rationale: str, terms: Terms) -> Decided:
    """Decide what was taken back, or turned out not to be done, before anybody decided.

    The user got what they asked for, whatever the reviewer says; who holds the finding for wrong
    is heard all the same.
    """
    appeal = _decided(deed, MOOT, rationale, AppealState.OVERTURNED, terms)
    after = replace(appeal, reversal_id=deed.row.reversal_id)
    unstrike(deed.connection, [deed.row.enforcement_id], deed.act("an appeal is moot"))
    labels = _label(deed, after) if outcome is Outcome.OVERTURNED else 0
    return _close(deed, after, Decided(after, MOOT, labels))


def _close(deed: Deed, appeal: Appeal, decided: Decided) -> Decided:
    """Write the appeal, and queue its notice."""
    deed.become(appeal, f"decided as {decided.code}")
    act = deed.act(f"the appeal is {decided.code}")
    tell_of(deed.connection, appeal, deed.row, act, reversible=not decided.by_people)
    return decided


def _label(deed: Deed, appeal: Appeal) -> int:
    """Label the alert as benign; appellants choose themselves, so it has no probability.

    What was decided about an entity without an alert has nothing that a label could be of. That
    one member of a ring was innocent says nothing of the ring, which the alert is about.
    """
    row, a = deed.row, alerts.c
    found = deed.connection.execute(
        select(a.monitor, a.version, a.entity).where(a.alert_id == row.alert_id)
    ).one_or_none()
    if row.alert_id is None or found is None or found.entity != row.target:
        return 0
    label = Label(
        label_id=digest_parts("appeal", appeal.appeal_id, row.alert_id),
        unit_id=row.alert_id,
        value=False,
        source=Source.APPEAL,
        rater=deed.who.id,
        monitor=found.monitor,
        monitor_version=row.version or found.version,
        created_at=deed.now,
        policy_version=f"{row.policy_id}/{appeal.policy_version}",
        code=appeal.rationale,
    )
    return write_labels(deed.connection, [label], deed.act("an appeal was right"))
