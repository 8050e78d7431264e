"""`watchfloor monitors promote|demote|disable`: what a monitor's version may do, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from monitors.contract import Mode, Monitor
from monitors.registry import registry
from orchestration.acts.promotion import approve
from orchestration.acts.promotion import demote as take_back
from orchestration.cli.checked import fit_of
from orchestration.cli.login import Office, office, opened_if_made, signed_in
from orchestration.cli.output import emit_record, format_option
from orchestration.cli.times import Time
from orchestration.intake.modes import declared, effective_mode, standings
from orchestration.ledger.approvals import Approval, last_approvals, mode_now
from orchestration.ledger.database import reading
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.rollouts import rollouts_of
from orchestration.ledger.states import ModeState
from orchestration.measurement.rollout import of
from orchestration.measurement.standing import Standing, said
from orchestration.settings import load


@dataclass(frozen=True, slots=True)
class Holding:
    """The mode that holds for a monitor's version, and why it is that one.

    `stands` is what measurement allows it; `percent` of the entities it acts on, null unless it is
    in auto.
    """

    mode: ModeState
    why: str
    stands: Standing
    percent: int | None = None

    def as_record(self) -> dict[str, object]:
        """What is shown of one."""
        have = self.stands.quality
        return {
            "effective": self.mode.value,
            "effective_why": self.why,
            "rolled_out_percent": self.percent,
            "labels": have.n,
            "labels_right": have.k,
            "lower_bound": have.lower,
            "lower_bound_wanted": self.stands.need.lower,
            "labels_wanted": self.stands.need.n,
            "labels_needed": self.stands.labels_needed,
            "auto_why_not": "; ".join(said(self.stands)) or None,
        }


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
    now, every = datetime.now(UTC), list(registry().monitors.values())
    with reading(engine) as connection:
        approvals = last_approvals(connection)
        known = standings(connection, every, now=now)
        shares = rollouts_of(connection, [(one.id, one.version) for one in every])
    engine.dispose()
    return {
        one.id: holding(
            one,
            approvals.get((one.id, one.version)),
            now=now,
            stands=known[one.id],
            percent=of(shares[one.id, one.version]).percent,
        )
        for one in every
    }


def holding(
    monitor: Monitor,
    approval: Approval | None,
    *,
    now: datetime,
    stands: Standing,
    percent: int = 0,
) -> Holding:
    """The effective mode of a monitor's version, with its cause in words."""
    mode = effective_mode(monitor, approval, now=now, stands=stands)
    share = percent if mode is ModeState.AUTO else None
    return Holding(mode, _why(monitor, approval, mode, stands, now), stands, share)


def _why(
    monitor: Monitor, approval: Approval | None, mode: ModeState, stands: Standing, now: datetime
) -> str:
    if monitor.mode is Mode.DRAFT:
        return "it declares draft, which no approval raises"
    if approval is None:
        return f"nobody has approved version {monitor.version} yet"
    by = f"by {approval.approved_by} at {approval.at:%Y-%m-%d %H:%M} UTC: {approval.reason}"
    approved = mode_now(approval, declared=declared(monitor), now=now)
    if approved is not approval.mode:
        return f"its disabling is over; disabled {by}"
    if mode is not approved:
        missing = "; ".join(said(stands)[: len(stands.why)])
        return f"approved for {approved} {by}; capped: {missing}"
    if approval.expires_at is not None:
        by = f"until {approval.expires_at:%Y-%m-%d %H:%M} UTC {by}"
    return f"{approval.mode} {by}"


reason_option = click.option("--reason", required=True, help="Why, in one line, for the audit.")


@click.command()
@click.argument("monitor_id", metavar="ID")
@click.argument("mode", type=click.Choice(["shadow", "review", "auto"]))
@reason_option
@format_option
def promote(monitor_id: str, mode: str, reason: str, form: str) -> None:
    """Approve a monitor's present version for the next mode, in your name. ID is product/name.

    For auto its measured precision must be high enough; it begins with 1 % of the entities.
    """
    monitor, to = registry().get(monitor_id), ModeState(mode)
    with office() as here:
        who = signed_in(here)
        with fit_of(here.settings) as fit:
            approve(
                here.engine, who=who, monitor=monitor, to=to, reason=reason, fit=fit, now=here.now
            )
        emit_record(_changed(here, monitor, to, who.id), form)


@click.command()
@click.argument("monitor_id", metavar="ID")
@reason_option
@format_option
def demote(monitor_id: str, reason: str, form: str) -> None:
    """Take a monitor from auto back to review."""
    monitor = registry().get(monitor_id)
    with office() as here:
        who = signed_in(here)
        take_back(here.engine, who=who, monitor=monitor, reason=reason, now=here.now)
        emit_record(_changed(here, monitor, ModeState.REVIEW, who.id), form)


@click.command()
@click.argument("monitor_id", metavar="ID")
@click.option("--until", type=Time(), required=True, help="When it goes on: 2026-03-01T06:00.")
@reason_option
@format_option
def disable(monitor_id: str, until: datetime, reason: str, form: str) -> None:
    """Stop telling what a monitor finds, until a time; then the mode before holds again."""
    monitor, to = registry().get(monitor_id), ModeState.DISABLED
    with office() as here:
        who = signed_in(here)
        approve(
            here.engine, who=who, monitor=monitor, to=to, reason=reason, until=until, now=here.now
        )
        emit_record(_changed(here, monitor, to, who.id), form)


def _changed(here: Office, monitor: Monitor, to: ModeState, by: str) -> dict[str, object]:
    version = (monitor.id, monitor.version)
    with reading(here.engine) as connection:
        approval = last_approvals(connection)[version]
        stands = standings(connection, [monitor], now=here.now)[monitor.id]
        percent = of(rollouts_of(connection, [version])[version]).percent
    found = holding(monitor, approval, now=here.now, stands=stands, percent=percent)
    return {
        "id": monitor.id,
        "version": monitor.version,
        "approved": to.value,
        "by": by,
        **found.as_record(),
    }
