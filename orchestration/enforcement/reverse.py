"""Asking that something be undone: one enforcement, or all that a monitor did since a time.

What is pending is blocked at once. What was done, or may have been, is marked, and `undo` carries
it out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, or_

from orchestration.enforcement.caps import PREFIX, blocked
from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.gates import ALREADY, KILL_SWITCH
from orchestration.enforcement.record import by_us
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer, writing
from orchestration.ledger.enforcement_states import PENDING, SENT, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.machines import one, where, write
from orchestration.ledger.tables import enforcements, reversals
from orchestration.oncall.people import Person, require
from orchestration.policies.rules import Rules

State = EnforcementState
REVERSED = "reversed"
CHANGED_SINCE = "changed_since"
RESTORE = "restore:"  # a flag: the target could not be restored, and why
NOTHING_DONE = frozenset({State.DRY_RUN, State.FAILED, State.EXPIRED})


@dataclass(frozen=True, slots=True)
class OfMonitor:
    """All that a monitor did since a time; a null version means every one."""

    monitor: str
    since: datetime
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a reversal would do, in rows.

    `restores` go back to what they were. `ended` have nothing to give back, as they were done once
    or are over: strikes go, and users are told. `in_flight` may have been done, and are looked up
    first. `stops` were not done yet. `before` are reversed, or being so. `irreversible` stay, and
    are flagged for people.
    """

    restores: int = 0
    ended: int = 0
    in_flight: int = 0
    stops: int = 0
    before: int = 0
    irreversible: int = 0

    @property
    def size(self) -> int:
        """How many rows it would touch."""
        return self.restores + self.ended + self.in_flight + self.stops + self.irreversible


@dataclass(frozen=True, slots=True)
class Asked:
    """A reversal, and how many rows it is about. An empty id: there was nothing to undo."""

    reversal_id: str
    size: int


def preview_reversal(
    connection: Connection,
    which: str | OfMonitor,
    *,
    rules: Rules,
    now: datetime,
) -> Preview:
    """What reversing an enforcement by its id, or all of a monitor's, would do now."""
    final = {name for name, action in rules.actions.items() if not action.reversible}
    counts = dict.fromkeys(Preview.__dataclass_fields__, 0)
    for row in _chosen(connection, which).values():
        part = _part(row, final, now)
        if part:
            counts[part] += 1
    return Preview(**counts)


def reverse_one(
    engine: Engine, *, who: Person, enforcement_id: str, reason: str, now: datetime
) -> Asked:
    """Ask that an enforcement be undone; asked again, the same reversal is meant.

    Raises PeopleError, LedgerError for an unknown id, EnforcementError where nothing was done.
    """
    require(who, "reverse")
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        return ask(connection, enforcement_id, act=act)


def reverse_monitor(
    engine: Engine, *, who: Person, which: OfMonitor, reason: str, now: datetime
) -> Asked:
    """Ask that all that a monitor did since a time be undone; rows undone before are left out.

    All of the monitor's that is still to be done is blocked, however old. Raises PeopleError.
    """
    require(who, "reverse")
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        return ask(connection, which, act=act)


def ask(
    connection: Connection, which: str | OfMonitor, *, act: Act, appeal_id: str | None = None
) -> Asked:
    """Ask for a reversal in a transaction that goes on, as an appeal does."""
    chosen = _chosen(connection, which)
    if isinstance(which, str):
        row = one(connection, ENFORCEMENTS, which)
        _check(row)
        if row.reversal_id and not to_be_undone(row):
            return Asked(row.reversal_id, 0)
    fresh = {name: row for name, row in chosen.items() if to_be_undone(row)}
    if not fresh:
        return Asked("", 0)
    reversal_id = _note(connection, which, len(fresh), act, appeal_id)
    _mark(connection, fresh, reversal_id, act)
    return Asked(reversal_id, len(fresh))


def to_be_undone(row: Enforcement) -> bool:
    """Whether there is something to undo, or to keep from being done, that nobody asked for yet.

    What could not be restored may be asked for again.
    """
    if row.state is State.BLOCKED:
        return returns(row)
    if row.state is State.APPLIED:
        return row.reversal_id is None or kept(row)
    return row.state in PENDING | SENT and row.reversal_id is None


def returns(row: Enforcement) -> bool:
    """Whether a blocked row may yet be planned again; of most codes none ever is."""
    code = row.code or ""
    return code in {ALREADY, KILL_SWITCH} or code.startswith(PREFIX)


def kept(row: Enforcement) -> bool:
    """Whether a reversal found that it must leave the target as it is."""
    flag = row.flag or ""
    return flag == CHANGED_SINCE or flag.startswith(RESTORE)


def is_over(row: Enforcement, now: datetime) -> bool:
    """Whether an applied row has nothing to give back: it was done once, or ended by itself."""
    return not row.standing or (row.ends_at is not None and row.ends_at <= now)


def _chosen(connection: Connection, which: str | OfMonitor) -> dict[str, Enforcement]:
    row = enforcements.c
    if isinstance(which, str):
        return where(connection, ENFORCEMENTS, row.enforcement_id == which, row.mode == "live")
    conditions: list[ColumnElement[bool]] = [row.mode == "live", row.monitor == which.monitor]
    if which.version is not None:
        conditions.append(row.version == which.version)
    stopped = or_(
        row.code.in_([ALREADY, KILL_SWITCH]), row.code.startswith(PREFIX, autoescape=True)
    )
    to_come = or_(row.state.in_(list(PENDING)), and_(row.state == State.BLOCKED, stopped))
    done = and_(row.state.not_in(list(NOTHING_DONE)), row.executing_at >= which.since)
    return where(connection, ENFORCEMENTS, *conditions, or_(to_come, done))


def _check(row: Enforcement) -> None:
    if row.mode != "live" or row.state in NOTHING_DONE:
        raise EnforcementError(
            f"The enforcement is {row.state} in {row.mode}, so nothing was done; wanted one that "
            "was applied, or may yet be. Look at it again."
        )


def _part(row: Enforcement, irreversible: Collection[str], now: datetime) -> str | None:
    """Which part of a preview counts a row; None for one that no reversal touches."""
    if row.state in NOTHING_DONE or (row.state is State.BLOCKED and not returns(row)):
        return None
    if not to_be_undone(row):
        return "before"
    if row.state in SENT:
        return "in_flight"
    if row.state is not State.APPLIED:
        return "stops"
    if row.action in irreversible:
        return "irreversible"
    return "ended" if is_over(row, now) else "restores"


def _note(
    connection: Connection,
    which: str | OfMonitor,
    size: int,
    act: Act,
    appeal_id: str | None,
) -> str:
    """Write the reversal itself; its id."""
    of = which if isinstance(which, OfMonitor) else None
    row = {
        "kind": "appeal" if appeal_id else "monitor" if of else "one",
        "monitor": of.monitor if of else None,
        "version": of.version if of else None,
        "since": of.since if of else None,
        "appeal_id": appeal_id,
        "asked_by": act.actor.id,
        "asked_at": act.at,
        "size": size,
    }
    about = "" if of else str(which)
    reversal_id = "r-" + digest_parts("reversal", about, digest_record(row))[:32]
    row = {"reversal_id": reversal_id, **row}
    seq = append(
        connection,
        act=act,
        verb="ask_reversal",
        object_id=f"reversal:{reversal_id}",
        after=digest_record(row),
    )
    writer(connection).execute(insert(reversals).values(**row, audit_seq=seq))
    return reversal_id


def _mark(
    connection: Connection, rows: Mapping[str, Enforcement], reversal_id: str, act: Act
) -> None:
    """Block what is pending, and mark what was done or may have been."""
    theirs = [replace(row, reversal_id=reversal_id, flag=_unkept(row)) for row in rows.values()]
    done = [row for row in theirs if row.state in SENT | {State.APPLIED}]
    write(connection, ENFORCEMENTS, before=rows, after=done, act=act, verb="ask_reversal")
    stopped = [blocked(row, REVERSED) for row in theirs if row.state in PENDING | {State.BLOCKED}]
    ours = by_us(act.at, act.reason, on_behalf_of=act.actor.id)
    write(connection, ENFORCEMENTS, before=rows, after=stopped, act=ours, verb="ask_reversal")


def _unkept(row: Enforcement) -> str | None:
    return None if kept(row) else row.flag
