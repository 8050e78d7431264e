"""Receiving appeals: what a product's support path hands on is kept, and answered with a code."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select

from monitors.contract import Severity
from orchestration.appeals.codes import GOES_ON, SAID, Code, Reason, reason_of
from orchestration.appeals.errors import AppealError
from orchestration.cases.clocks import begun
from orchestration.cases.terms import Terms
from orchestration.enforcement.reverse import to_be_undone
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import SENT, AppealState, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import appeals, audit, enforcements
from orchestration.oncall.people import Person, require
from orchestration.triage.desks import appeal_sla

DESK = Actor("appeals", "system")
OPEN = (AppealState.RECEIVED, AppealState.QUEUED, AppealState.IN_REVIEW)
REFERENCE = re.compile(r"[A-Za-z0-9_.:/=+-]{1,100}")
PRODUCT = re.compile(r"[a-z0-9_-]{1,80}")
SHOWN = 16
S = EnforcementState
# By the id that the notice has as its reference, or by type and pseudonym of who was acted on.
About = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a request. A null appeal: only the audit has it, as there is none to keep.

    `repeated`: the product had sent the reference before, and this is what it was answered then.
    """

    appeal: Appeal | None
    code: Code
    repeated: bool = False

    @property
    def said(self) -> str:
        """The code in a sentence."""
        return SAID[self.code]


def receive(
    engine: Engine,
    terms: Terms,
    *,
    product: str,
    reference: str,
    about: About,
    reason: str,
    now: datetime,
    by: Person | None = None,
) -> Received:
    """Take in an appeal under the product's own reference; the same reference is the same appeal.

    `about` a target means the newest enforcement on it that can be appealed. `by` somebody, or
    None for the product's support path itself. One that cannot be heard is `invalid`, with the
    code as its rationale. Raises AppealError for what is no code or id, PeopleError.
    """
    if by is not None:
        require(by, "receive_appeal")
    why = _checked(product, reference, reason)
    appeal_id = "appeal_" + digest_parts("appeal", product, reference)[:SHOWN]
    with writing(engine) as connection:
        before = of_ids(connection, APPEALS, [appeal_id]).get(appeal_id)
        if before is not None:
            return _again(connection, before, about)
        row = _found(connection, product, about)
        who = by.id if by else None
        if row is None:
            _refuse(connection, appeal_id, Code.UNKNOWN_ENFORCEMENT, who, now)
            return Received(None, Code.UNKNOWN_ENFORCEMENT)
        rival = _open_on(connection, row)
        if rival is not None:
            _refuse(connection, appeal_id, Code.ALREADY_OPEN, who, now)
            return Received(rival, Code.ALREADY_OPEN)
        code = code_of(row, terms.policies.appeal.within, now)
        new = _new(appeal_id, row, reference, reason=why, terms=terms, now=now)
        return Received(_write(connection, new, code, who), code)


def code_of(row: Enforcement, within: timedelta, now: datetime) -> Code:
    """What an appeal against an enforcement meets that nobody has appealed yet."""
    if row.mode != "live":
        return Code.DRY_RUN
    undone = row.reversal_id is not None and not to_be_undone(row)
    if row.state in {S.REVERSED, S.REVERSING} or undone:
        return Code.ALREADY_REVERSED
    if row.state not in SENT | {S.APPLIED}:
        return Code.NOT_APPLIED
    since = row.executing_at or row.planned_at
    if now.date() > (since + within).date():  # notices name the last day
        return Code.TOO_LATE
    return Code.ACCEPTED if row.state is S.APPLIED else Code.WAITS


def answer_of(appeal: Appeal) -> Code:
    """What an appeal was answered when it came, as far as that still holds."""
    if appeal.state is AppealState.INVALID:
        return Code(appeal.rationale or Code.NOT_APPLIED)
    return Code.WAITS if appeal.state is AppealState.RECEIVED else Code.ACCEPTED


def _checked(product: str, reference: str, reason: str) -> Reason:
    """Raise AppealError, which repeats nothing, for what may be somebody's words."""
    known = reason_of(reason)
    wrong = {
        "product is no product's id": not PRODUCT.fullmatch(product),
        "reference is no id of 1 to 100 letters, digits and _ . : / = + -": (
            not REFERENCE.fullmatch(reference)
        ),
        f"reason is none of {', '.join(Reason)}": known is None,
    }
    said = [what for what, holds in wrong.items() if holds]
    if said or known is None:
        raise AppealError(
            f"The {'; the '.join(said)}. Give codes and ids only: what people wrote stays in the "
            "support system, under the reference."
        )
    return known


def _again(connection: Connection, before: Appeal, about: About) -> Received:
    """What was said to the reference before, if it is about the same."""
    row = of_ids(connection, ENFORCEMENTS, [before.enforcement_id])[before.enforcement_id]
    same = about in (row.enforcement_id, (row.target_type, row.target))
    code = answer_of(before) if same else Code.REFERENCE_REUSED
    return Received(before, code, repeated=same)


def _found(connection: Connection, product: str, about: About) -> Enforcement | None:
    """The enforcement of the product that is meant; another product's counts as none."""
    e = enforcements.c
    if isinstance(about, str):
        found = where(connection, ENFORCEMENTS, e.enforcement_id == about, e.product == product)
        return found.get(about)
    kind, target = about
    theirs = where(
        connection,
        ENFORCEMENTS,
        e.target_type == kind,
        e.target == target,
        e.product == product,
        e.mode == "live",
        e.executing_at.is_not(None),
    )
    return max(theirs.values(), key=_claim, default=None)


def _claim(row: Enforcement) -> tuple[bool, bool, datetime, str]:
    """What a user most likely means: what can be undone, what holds them, the newest."""
    undoable = row.state in SENT | {S.APPLIED} and to_be_undone(row)
    return undoable, row.standing, row.executing_at or row.planned_at, row.enforcement_id


def _open_on(connection: Connection, row: Enforcement) -> Appeal | None:
    a = appeals.c
    mine = (a.enforcement_id == row.enforcement_id, a.state.in_(OPEN))
    return next(iter(where(connection, APPEALS, *mine).values()), None)


def _refuse(
    connection: Connection, appeal_id: str, code: Code, who: str | None, now: datetime
) -> None:
    """Keep in the audit, once, that a request came which has no enforcement of its own."""
    name = f"appeal_request:{appeal_id}:{code}"
    if connection.execute(select(audit.c.seq).where(audit.c.object == name).limit(1)).first():
        return
    append(connection, act=Act(DESK, now, SAID[code], who), verb="refuse", object_id=name)


def _new(
    appeal_id: str,
    row: Enforcement,
    reference: str,
    *,
    reason: Reason,
    terms: Terms,
    now: datetime,
) -> Appeal:
    clock = begun(appeal_sla(terms.desks), Severity.S2, now)
    return Appeal(
        appeal_id=appeal_id,
        enforcement_id=row.enforcement_id,
        product=row.product,
        reference=reference,
        reason=reason.value,
        state=AppealState.RECEIVED,
        received_at=now,
        sla=clock["sla"],
        due_at=clock["resolve_due"],
    )


def _write(connection: Connection, new: Appeal, code: Code, who: str | None) -> Appeal:
    """Write the appeal as received, and where it goes from there."""
    act = Act(DESK, new.received_at, SAID[code], who)
    write(connection, APPEALS, before={}, after=[new], act=act, verb="receive")
    after = new
    if code is Code.ACCEPTED:
        after = replace(new, state=AppealState.QUEUED)
    elif code not in GOES_ON:
        after = invalid(new, code)
    write(connection, APPEALS, before={new.appeal_id: new}, after=[after], act=act)
    return after


def invalid(appeal: Appeal, code: Code) -> Appeal:
    """The appeal as one that cannot be heard."""
    return replace(appeal, state=AppealState.INVALID, rationale=code.value)
