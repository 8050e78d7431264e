"""What people let a monitor's version do: its mode, and on how many entities it acts."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from monitors.contract import Monitor
from orchestration.acts.errors import ActError
from orchestration.intake.modes import Fit, declared, standings
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import Approval, change_mode, last_approval, mode_now
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.rollouts import SHARES, Rollout, rollouts_of, set_share
from orchestration.ledger.states import ModeState
from orchestration.measurement.arms import arms
from orchestration.measurement.comparison import compare
from orchestration.measurement.rollout import of, step_up
from orchestration.measurement.standing import Standing, said, said_needed
from orchestration.oncall.people import Person, require
from orchestration.oncall.roles import Role

FOR_AUTO = frozenset({Role.APPROVER, Role.ADMIN})
FIRST = 1  # percent of the entities that a version in auto begins with


def approve(
    engine: Engine,
    *,
    who: Person,
    monitor: Monitor,
    to: ModeState,
    reason: str,
    fit: Fit | None = None,
    until: datetime | None = None,
    now: datetime,
) -> Approval:
    """Change the mode of a monitor's present version, in somebody's name.

    To auto only where measurement allows it; it then begins with 1 % of the entities, written in
    the same transaction. `until` is when a disabling ends. Raises PeopleError and ActError for who
    may not, ActError, which says what is missing, where measurement does not, and LedgerError for a
    change that there is none of. Nothing is written then.
    """
    require(who, "promote")
    if to is ModeState.AUTO:
        _require_other_approver(who, monitor)
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        approval = _change(connection, monitor, to, act, until=until)
        if to is ModeState.AUTO:
            _require_measured(connection, monitor, fit, now)
            _share(connection, monitor, FIRST, approval.approval_id, act)
    return approval


def demote(
    engine: Engine, *, who: Person, monitor: Monitor, reason: str, now: datetime
) -> Approval:
    """Take a version from auto back to review.

    Raises PeopleError for who may not, and ActError where it is not approved for auto.
    """
    require(who, "promote")
    with writing(engine) as connection:
        if not _is_auto(connection, monitor, now):
            raise ActError(
                f"{monitor.id} is not approved for auto, so there is nothing to take back; "
                "`watchfloor monitors disable` stops it."
            )
        act = Act(Actor(who.id, "person"), now, reason)
        return _change(connection, monitor, ModeState.REVIEW, act)


def roll_out(
    engine: Engine,
    *,
    who: Person,
    monitor: Monitor,
    percent: int,
    reason: str,
    fit: Fit | None = None,
    now: datetime,
) -> tuple[Rollout, bool]:
    """Set the share of entities that a version in auto acts on; and whether it was that already.

    Up by one step, by an approver who did not write it, while measurement allows auto and the
    entities acted on do no worse than the others. Down, and to 0, at any time. Raises PeopleError
    and ActError otherwise.
    """
    require(who, "promote")
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        version = (monitor.id, monitor.version)
        rolled = of(rollouts_of(connection, [version])[version])
        if not _is_auto(connection, monitor, now):
            raise ActError(
                f"{monitor.id} version {monitor.version} is not approved for auto, so that it acts "
                "on nobody. Promote it first."
            )
        if rolled.rows and rolled.percent == percent:
            return rolled.rows[-1], True
        if percent > rolled.percent:
            _require_other_approver(who, monitor)
            _require_step(monitor, rolled.percent, percent)
            _require_measured(connection, monitor, fit, now)
            worse = [one.outcome for one in compare(arms(connection, rolled, now)) if one.is_worse]
            _require_no_worse(monitor, worse)
        return _share(connection, monitor, percent, uuid4().hex, act), False


def _change(
    connection: Connection,
    monitor: Monitor,
    to: ModeState,
    act: Act,
    *,
    until: datetime | None = None,
) -> Approval:
    return change_mode(
        connection,
        approval_id=uuid4().hex,
        monitor=monitor.id,
        version=monitor.version,
        declared=declared(monitor),
        to=to,
        act=act,
        expires_at=until,
    )


def _share(connection: Connection, monitor: Monitor, percent: int, of_: str, act: Act) -> Rollout:
    return set_share(
        connection,
        rollout_id=digest_parts("rollout", of_),
        monitor=monitor.id,
        version=monitor.version,
        percent=percent,
        act=act,
    )


def _is_auto(connection: Connection, monitor: Monitor, now: datetime) -> bool:
    last = last_approval(connection, monitor=monitor.id, version=monitor.version)
    return mode_now(last, declared=declared(monitor), now=now) == ModeState.AUTO


def _require_other_approver(who: Person, monitor: Monitor) -> None:
    """Auto, which acts by itself, needs an approver who did not write it."""
    if not who.roles & FOR_AUTO:
        wanted = ", ".join(sorted(FOR_AUTO))
        raise ActError(f"Approving for auto needs one of the roles {wanted}; {who.id} has none.")
    if who.id in monitor.authors:
        raise ActError(
            f"{who.id} is an author of {monitor.id}; auto is approved by somebody else. Ask one."
        )


def _require_measured(
    connection: Connection, monitor: Monitor, fit: Fit | None, now: datetime
) -> None:
    found = standings(connection, [monitor], now=now, fit=fit)[monitor.id]
    if found.may is not ModeState.AUTO:
        raise ActError(not_yet(monitor, found))


def not_yet(monitor: Monitor, found: Standing) -> str:
    """Why a version may not be in auto, with what was found, what is wanted and what to do."""
    reasons = "; ".join(said(found)[: len(found.why)])
    needed = said_needed(found)
    return f"{monitor.id} version {monitor.version} may not act by itself: {reasons}. " + (
        f"{needed[0].upper()}{needed[1:]}." if needed else "Labels are enough; mend the rest."
    )


def _require_step(monitor: Monitor, found: int, wanted: int) -> None:
    if wanted != step_up(found):
        steps = ", ".join(f"{share} %" for share in SHARES)
        raise ActError(
            f"{monitor.id} is rolled out to {found} % and is to be to {wanted} %; wanted the next "
            f"step of {steps}. Watch it there for a while first."
        )


def _require_no_worse(monitor: Monitor, worse: Iterable[str]) -> None:
    outcomes = ", ".join(worse)
    if outcomes:
        raise ActError(
            f"Whom {monitor.id} acts on by itself do worse than the others: {outcomes}. Look at "
            f"`watchfloor monitors rollout {monitor.id}`, and take it down."
        )
