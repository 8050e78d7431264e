"""People's yes and no: to enforcements, and to a batch that a cap stopped."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import PREFIX, Active, blocked, let_in
from orchestration.enforcement.drafts import Draft, order
from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.gates import RETRACTED, facts, gate, in_batches, is_protected
from orchestration.enforcement.settle import PLANNER, record, settle
from orchestration.enforcement.verdicts import Verdict, approvals_of, granted, write_verdicts
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import PENDING, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import batches, decisions, enforcements
from orchestration.oncall.people import Person, require
from orchestration.policies.actions import MOST_APPROVALS

# Ids of a monitor's authors; KeyError for a monitor that is not there any more.
Authors = Callable[[str], Collection[str]]
REFUSED, EXPIRED = "refused", "expired"
S = EnforcementState
e = enforcements.c


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verdict did: rows now approved, those that wait for another person, those refused."""

    approved: int = 0
    waiting: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Resumed:
    """Whether a batch goes on; else how many more people must say so."""

    resumed: bool
    missing: int = 0


def approve(
    engine: Engine,
    *,
    who: Person,
    verdict: Verdict,
    now: datetime,
    terms: Terms,
    authors: Authors,
    reason: str,
    ids: Sequence[str] = (),
    batch_id: str | None = None,
) -> Judged:
    """Say yes or no to enforcements that await it: to these, or to all of a batch; all or none.

    Nobody approves what their own monitor found or what they decided themselves, and nobody twice.
    A refusal blocks, also what others had approved and is not sent. Raises PeopleError, and
    EnforcementError that says which row stands in the way.
    """
    require(who, "approve")
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        rows = _asked(connection, ids, batch_id, who)
        if verdict == "refuse":
            return _refuse(connection, rows, act)
        _check_time(rows.values(), now)
        _check_person(connection, rows.values(), who, authors)
        known = facts(connection, list(rows.values()), now)
        for row in rows.values():
            if gate(row, known, terms.enforcement) == RETRACTED:
                raise _stops(row, "rests on findings that were retracted", "Refuse it.")
        write_verdicts(connection, [f"enforcement:{name}" for name in rows], "approve", act)
        given = approvals_of(connection, list(rows))
        after = []
        for name, row in rows.items():
            shielded = is_protected(row, known, terms.enforcement)
            needs = max(row.needs, MOST_APPROVALS if shielded else 0)
            after.append(_approved(replace(row, needs=needs), given[name], terms, now))
        write(connection, ENFORCEMENTS, before=rows, after=after, act=act, verb="need")
    approved = sum(row.state is S.APPROVED for row in after)
    return Judged(approved=approved, waiting=len(after) - approved)


def resume(
    engine: Engine,
    *,
    who: Person,
    batch_id: str,
    terms: Terms,
    active: Active,
    authors: Authors,
    reason: str,
    now: datetime,
) -> Resumed:
    """Say that a batch goes on which a cap stopped; the second person's word carries it out.

    Gates and caps are asked anew, and it is let through the caps of this day at once: a raised cap
    or a new day is what lets it go on. Raises PeopleError, and EnforcementError, with nothing
    written, where a cap would be breached again.
    """
    require(who, "approve")
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        rows = _stopped(connection, batch_id)
        _check_authors(rows.values(), who, authors)
        name = f"batch:{batch_id}"
        if who.id in granted(connection, [name]).get(name, set()):
            raise EnforcementError(f"{who.id} has resumed this batch; a second person is wanted.")
        write_verdicts(connection, [name], "approve", act)
        missing = MOST_APPROVALS - len(granted(connection, [name])[name])
        if missing > 0:
            return Resumed(resumed=False, missing=missing)
        rules = terms.enforcement
        ordered = sorted(rows.values(), key=lambda row: order(row, rules))
        again = [Draft(replace(row, state=S.PLANNED, code=None)) for row in ordered]
        found = settle(connection, again, rules=rules, active=active, now=now)
        if found.breach:
            over = "unknown" if found.breach.would_be is None else f"{found.breach.would_be:g}"
            raise EnforcementError(
                f"The cap {found.breach.cap} allows {found.breach.limit:g} and would come to "
                f"{over}; wanted no breach. Raise the cap in enforcement.yaml, or wait a day."
            )
        record(connection, found, before=rows, act=act)
        going = {row.enforcement_id: row for row in found.gone_on if row.state in PENDING}
        let_in(connection, batch_id, going, now=now)
        same = update(batches).where(batches.c.batch_id == batch_id)
        connection.execute(same.values(resumed_at=now))
        append(connection, act=act, verb="resume", object_id=name)
    return Resumed(resumed=True)


def expire(engine: Engine, *, now: datetime) -> int:
    """End what waited too long, for people or after their approval; how many rows."""
    waiting = e.state.in_([S.AWAITING, S.APPROVED])
    with writing(engine) as connection:
        before = where(connection, ENFORCEMENTS, waiting, e.expires_at <= now)
        after = [replace(blocked(row, EXPIRED), state=S.EXPIRED) for row in before.values()]
        act = Act(PLANNER, now, "its time to be approved and done is over")
        write(connection, ENFORCEMENTS, before=before, after=after, act=act)
    return len(after)


def _asked(
    connection: Connection, ids: Sequence[str], batch_id: str | None, who: Person
) -> dict[str, Enforcement]:
    """The rows that a verdict is about."""
    if batch_id is None:
        rows = of_ids(connection, ENFORCEMENTS, ids)
        if not rows or len(rows) < len(set(ids)):
            raise EnforcementError(
                f"{len(rows)} of the {len(set(ids))} enforcements asked for are there; wanted all. "
                "Copy their ids from where they are listed."
            )
        return rows
    rows = where(connection, ENFORCEMENTS, e.batch_id == batch_id, e.state == S.AWAITING)
    given = granted(connection, [f"enforcement:{name}" for name in rows])
    left = {n: row for n, row in rows.items() if who.id not in given.get(f"enforcement:{n}", ())}
    if not left:
        raise EnforcementError(
            f"Nothing of the batch awaits an approval by {who.id}; look at its enforcements."
        )
    return left


def _check_time(rows: Iterable[Enforcement], now: datetime) -> None:
    for row in rows:
        late = row.expires_at is not None and row.expires_at <= now
        if row.state is S.EXPIRED or (late and row.state is S.AWAITING):
            raise _stops(
                row, f"was to be approved before {row.expires_at}", "Have its case decided anew."
            )
        if row.state is not S.AWAITING:
            raise _stops(row, f"is {row.state} and awaits no approval", "Leave it out.")


def _check_person(
    connection: Connection, rows: Collection[Enforcement], who: Person, authors: Authors
) -> None:
    _check_authors(rows, who, authors)
    d = decisions.c
    deciders: dict[str, str] = {}
    for some in in_batches(row.decision_id for row in rows if row.decision_id):
        found = connection.execute(select(d.decision_id, d.decider).where(d.decision_id.in_(some)))
        deciders.update((one.decision_id, one.decider) for one in found)
    given = granted(connection, [f"enforcement:{row.enforcement_id}" for row in rows])
    for row in rows:
        if row.decision_id and deciders.get(row.decision_id) == who.id:
            raise _stops(row, f"was decided by {who.id}", "Ask somebody else to approve it.")
        if who.id in given.get(f"enforcement:{row.enforcement_id}", ()):
            raise _stops(row, f"has the verdict of {who.id}", "A second person is wanted.")


def _check_authors(rows: Iterable[Enforcement], who: Person, authors: Authors) -> None:
    """Raise EnforcementError if somebody wrote the monitor, or if nobody knows who did."""
    for row in {row.monitor: row for row in rows if row.monitor}.values():
        try:
            wrote = who.id in authors(row.monitor or "")
        except KeyError as error:
            what = f"is of monitor {row.monitor}, whose authors are not known"
            raise _stops(row, what, "Refuse it; have its case decided anew.") from error
        if wrote:
            what = f"is of monitor {row.monitor}, of which {who.id} is an author"
            raise _stops(row, what, "Ask somebody else to approve it.")


def _refuse(connection: Connection, rows: Mapping[str, Enforcement], act: Act) -> Judged:
    for row in rows.values():
        if row.state not in PENDING:
            raise _stops(row, f"is {row.state} and cannot be refused", "Reverse it, or leave it.")
    given = granted(connection, [f"enforcement:{name}" for name in rows])
    mine = act.actor.id
    new = [n for n in rows if mine not in given.get(f"enforcement:{n}", ())]
    write_verdicts(connection, [f"enforcement:{name}" for name in new], "refuse", act)
    after = [blocked(row, REFUSED) for row in rows.values()]
    write(connection, ENFORCEMENTS, before=rows, after=after, act=act)
    return Judged(refused=len(after))


def _approved(row: Enforcement, given: int, terms: Terms, now: datetime) -> Enforcement:
    if given < row.needs:
        return row
    until = max(row.not_before, now) + terms.enforcement.waits(row.action)
    return replace(row, state=S.APPROVED, approved_at=now, expires_at=until)


def _stopped(connection: Connection, batch_id: str) -> dict[str, Enforcement]:
    """Rows of a batch that a cap blocked."""
    same = select(batches.c.breach, batches.c.resumed_at).where(batches.c.batch_id == batch_id)
    batch = connection.execute(same).one_or_none()
    if batch is None or batch.breach is None or batch.resumed_at is not None:
        raise EnforcementError(
            "There is no batch of that id that a cap stopped and nobody resumed; copy the id from "
            "where batches are listed."
        )
    stopped = e.code.startswith(PREFIX, autoescape=True)
    return where(connection, ENFORCEMENTS, e.batch_id == batch_id, e.state == S.BLOCKED, stopped)


def _stops(row: Enforcement, what: str, remedy: str) -> EnforcementError:
    return EnforcementError(f"Enforcement {row.enforcement_id[:12]} {what}. {remedy}")
