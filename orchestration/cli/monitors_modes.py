"""`watchfloor monitors promote|demote|disable`: what a monitor's version may do, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import click

from monitors.contract import Mode, Monitor
from monitors.registry import registry
from orchestration.acts.errors import ActError
from orchestration.cli.login import office, opened_if_made, signed_in
from orchestration.cli.output import emit_record, format_option
from orchestration.cli.times import Time
from orchestration.intake.modes import declared, effective_mode, measured_now
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import Approval, change_mode, last_approvals, mode_now
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.states import ModeState
from orchestration.oncall.people import Person, require
from orchestration.oncall.roles import Role
from orchestration.settings import load

FOR_AUTO = {Role.APPROVER, Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Holding:
    """The mode that holds for a monitor's version, and why it is that one."""

    mode: ModeState
    why: str


Modes = Mapping[str, Holding]  # by monitor


def modes() -> Modes:
    """What holds for every monitor; nothing where there is no ledger.

    A ledger that cannot be read is said on stderr: the monitors are there all the same.
    """
    try:
        engine = opened_if_made(load().ledger)
    except LedgerError as error:
        click.echo(f"Effective modes are not known: {error}", err=True)
        return {}
    if engine is None:
        return {}
    now = datetime.now(UTC)
    with reading(engine) as connection:
        approvals = last_approvals(connection)
        known = measured_now(connection, approvals.values(), now=now)
    engine.dispose()
    found = {}
    for one in registry().monitors.values():
        version = (one.id, one.version)
        found[one.id] = holding(one, approvals.get(version), now=now, measured=version in known)
    return found


def holding(
    monitor: Monitor, approval: Approval | None, *, now: datetime, measured: bool
) -> Holding:
    """The effective mode of a monitor's version, with its cause in words."""
    mode = effective_mode(monitor, approval, now=now, measured=measured)
    if monitor.mode is Mode.DRAFT:
        return Holding(mode, "it declares draft, which no approval raises")
    if approval is None:
        return Holding(mode, f"nobody has approved version {monitor.version} yet")
    by = f"by {approval.approved_by} at {approval.at:%Y-%m-%d %H:%M} UTC: {approval.reason}"
    approved = mode_now(approval, declared=declared(monitor), now=now)
    if approved is not approval.mode:
        return Holding(mode, f"its disabling is over; disabled {by}")
    if mode is not approved:
        return Holding(
            mode, f"approved for {approved} {by}; capped, as its precision is not measured now"
        )
    if approval.expires_at is not None:
        by = f"until {approval.expires_at:%Y-%m-%d %H:%M} UTC {by}"
    return Holding(mode, f"{approval.mode} {by}")


reason_option = click.option("--reason", required=True, help="Why, in one line, for the audit.")


@click.command()
@click.argument("monitor_id", metavar="ID")
@click.argument("mode", type=click.Choice(["shadow", "review", "auto"]))
@reason_option
@format_option
def promote(monitor_id: str, mode: str, reason: str, form: str) -> None:
    """Approve a monitor's present version for the next mode, in your name. ID is product/name."""
    emit_record(_change(monitor_id, ModeState(mode), reason), form)


@click.command()
@click.argument("monitor_id", metavar="ID")
@reason_option
@format_option
def demote(monitor_id: str, reason: str, form: str) -> None:
    """Take a monitor from auto back to review."""
    emit_record(_change(monitor_id, ModeState.REVIEW, reason, demotes=True), form)


@click.command()
@click.argument("monitor_id", metavar="ID")
@click.option("--until", type=Time(), required=True, help="When it goes on: 2026-03-01T06:00.")
@reason_option
@format_option
def disable(monitor_id: str, until: datetime, reason: str, form: str) -> None:
    """Stop telling what a monitor finds, until a time; then the mode before holds again."""
    emit_record(_change(monitor_id, ModeState.DISABLED, reason, until=until), form)


def _change(
    monitor_id: str,
    to: ModeState,
    reason: str,
    *,
    demotes: bool = False,
    until: datetime | None = None,
) -> dict[str, object]:
    monitor = registry().get(monitor_id)
    with office() as here:
        who = signed_in(here)
        _may(who, monitor, to)
        with writing(here.engine) as connection:
            before = last_approvals(connection).get((monitor.id, monitor.version))
            if demotes and mode_now(before, declared=declared(monitor), now=here.now) != "auto":
                raise ActError(
                    f"{monitor.id} is not approved for auto, so there is nothing to take back; "
                    "`watchfloor monitors disable` stops it."
                )
            approval = change_mode(
                connection,
                approval_id=uuid4().hex,
                monitor=monitor.id,
                version=monitor.version,
                declared=declared(monitor),
                to=to,
                act=Act(Actor(who.id, "person"), here.now, reason),
                expires_at=until,
            )
        with reading(here.engine) as connection:
            known = measured_now(connection, [approval], now=here.now)
        found = holding(monitor, approval, now=here.now, measured=bool(known))
    return {
        "id": monitor.id,
        "version": monitor.version,
        "approved": to.value,
        "by": who.id,
        "effective": found.mode.value,
        "effective_why": found.why,
    }


def _may(who: Person, monitor: Monitor, to: ModeState) -> None:
    """Raise unless they may; auto, which acts by itself, needs an approver who did not write it."""
    require(who, "promote")
    if to is not ModeState.AUTO:
        return
    if not who.roles & FOR_AUTO:
        wanted = ", ".join(sorted(FOR_AUTO))
        raise ActError(f"Approving for auto needs one of the roles {wanted}; {who.id} has none.")
    if who.id in monitor.authors:
        raise ActError(
            f"{who.id} is an author of {monitor.id}; auto is approved by somebody else. Ask one."
        )
