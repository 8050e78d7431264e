"""`watchfloor monitors rollout`: on how many entities a version in auto acts, and how they do."""

from datetime import datetime

import click
import polars as pl
from sqlalchemy import Connection

from monitors.registry import registry
from orchestration.acts.promotion import roll_out
from orchestration.cli.checked import fit_of
from orchestration.cli.login import Office, office, signed_in
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.ledger.database import reading
from orchestration.ledger.rollouts import rollouts_of
from orchestration.measurement.arms import arms
from orchestration.measurement.comparison import Compared, compare
from orchestration.measurement.estimates import Estimate
from orchestration.measurement.rollout import Rollouts, of


@click.command()
@click.argument("monitor_id", metavar="ID")
@click.argument("percent", type=click.Choice(["0", "1", "10", "50", "100"]), required=False)
@click.option("--reason", help="Why, in one line, for the audit; needed to change it.")
@format_option
def rollout(monitor_id: str, percent: str | None, reason: str | None, form: str) -> None:
    """Compare whom a version in auto acts on with the others; with PERCENT, set how many they are.

    Up by one step of 1, 10, 50 and 100, by an approver; down, and to 0, at any time.
    """
    with office() as here:
        if percent is None:
            _show(here, monitor_id, form)
        elif reason is None:
            raise click.UsageError("Missing option '--reason', which a change needs.")
        else:
            _set(here, monitor_id, int(percent), reason, form)


def _show(here: Office, monitor_id: str, form: str) -> None:
    monitor = registry().get(monitor_id)
    version = (monitor.id, monitor.version)
    with reading(here.engine) as connection:
        rolled = of(rollouts_of(connection, [version])[version])
        found = _compared(connection, rolled, here.now)
    emit(pl.DataFrame([_row(one) for one in found], infer_schema_length=None), form)
    begun = f"since {rolled.rows[0].at:%Y-%m-%d %H:%M} UTC" if rolled.rows else "never begun"
    click.echo(
        f"{monitor.id} version {monitor.version}: {rolled.percent} % of the entities, {begun}.",
        err=True,
    )


def _compared(connection: Connection, rolled: Rollouts, now: datetime) -> list[Compared]:
    return compare(arms(connection, rolled, now))


def _row(one: Compared) -> dict[str, object]:
    parts = {"candidate": one.candidate, "control": one.control, "difference": one.difference}
    shown: dict[str, object] = {"outcome": one.outcome, "state": one.state}
    for name, part in parts.items():
        shown |= {name: part.value, **_ends(name, part), f"{name}_n": part.n}
    return shown


def _ends(name: str, part: Estimate) -> dict[str, object]:
    return {f"{name}_lower": part.lower, f"{name}_upper": part.upper}


def _set(here: Office, monitor_id: str, percent: int, reason: str, form: str) -> None:
    monitor, who = registry().get(monitor_id), signed_in(here)
    with fit_of(here.settings) as fit:
        done, again = roll_out(
            here.engine,
            who=who,
            monitor=monitor,
            percent=percent,
            reason=reason,
            fit=fit,
            now=here.now,
        )
    emit_record(
        {"id": monitor.id, "version": done.version, "percent": done.percent, "by": done.by}, form
    )
    if again:
        click.echo("It was so before; nothing was changed.", err=True)
