"""`watchfloor monitors`: list, show, write and promote monitors."""

from collections.abc import Mapping

import click
import polars as pl

from monitors.canary import Rows
from monitors.contract import Monitor
from monitors.digest import digest as digest_of
from monitors.harms import Harm
from monitors.registry import Broken, registry
from orchestration.cli.monitors_modes import Modes, demote, disable, modes, promote
from orchestration.cli.monitors_rollout import rollout
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.cli.scaffold import Plan, write
from orchestration.watch import name_of

LIST = (
    *("id", "harm", "entity", "cadence", "threshold", "severity", "mode", "effective"),
    *("labels_needed", "version", "owner", "error"),
)


@click.group()
def monitors() -> None:
    """List, show, write and promote monitors."""


for command in (promote, demote, disable, rollout):
    monitors.add_command(command)


@monitors.command("list")
@click.option("--product", help="Only monitors of this product.")
@format_option
def list_monitors(product: str | None, form: str) -> None:
    """List every monitor, and every file that does not load.

    `effective` is the mode that holds and `labels_needed` how many labels more, all right, auto
    takes, empty where no number does; both where there is a ledger.
    """
    found, holding = registry(), modes()
    every: list[Monitor | Broken] = [*found.monitors.values(), *found.broken.values()]
    chosen = sorted((m for m in every if product in {None, m.product}), key=lambda m: m.id)
    emit(pl.DataFrame([_row(m, holding) for m in chosen], schema=_SCHEMA, orient="row"), form)
    if product is not None and product not in found.products:
        known = ", ".join(found.products) or "none"
        click.echo(f"No monitor watches '{product}'; products with monitors: {known}.", err=True)


@monitors.command()
@click.argument("monitor_id", metavar="ID")
@format_option
def show(monitor_id: str, form: str) -> None:
    """Show one monitor's declaration and documentation. ID is product/name."""
    found, holding = registry().get(monitor_id), modes()
    record = {**_record(found, holding)}
    if found.id in holding:
        record |= holding[found.id].as_record()
    emit_record(record, form)


@monitors.command()
@click.argument("monitor_id", metavar="ID")
def digest(monitor_id: str) -> None:
    """Print the digest of what a monitor decides, for DIGESTS in its test."""
    click.echo(digest_of(registry().get(monitor_id)))


@monitors.command()
@click.argument("monitor_id", metavar="PRODUCT/NAME")
@click.option("--sql", is_flag=True, help="Write the monitor in SQL, not in Python.")
@click.option(
    "--contract", default="api_requests", show_default=True, help="Event contract that it reads."
)
@click.option(
    "--harm",
    type=click.Choice([str(harm) for harm in Harm]),
    default=str(Harm.RESOURCE_ABUSE),
    show_default=True,
    help="Harm that it watches for.",
)
@click.option("--author", default="yourid", show_default=True, help="Id of its author.")
def new(monitor_id: str, contract: str, harm: str, author: str, *, sql: bool) -> None:
    """Write a monitor that works, its test and its runbook, to be edited.

    Nothing that exists is overwritten.
    """
    plan = Plan.of(monitor_id, contract=contract, harm=harm, author=author, sql=sql)
    written = write(plan)
    click.echo("Written:")
    for path in written:
        click.echo(f"  {path}")
    click.echo(plan.advice)


_SCHEMA = {
    name: {
        "threshold": pl.Float64(),
        "version": pl.Int64(),
        "labels_needed": pl.Int64(),
    }.get(name, pl.String())
    for name in LIST
}


def _row(found: Monitor | Broken, holding: Modes) -> dict[str, object]:
    if isinstance(found, Broken):
        return {"id": found.id, "error": found.error}
    return {
        "id": found.id,
        "harm": str(found.harm),
        "entity": found.entity,
        "cadence": found.cadence,
        "threshold": float(found.threshold),
        "severity": found.severity.name,
        "mode": str(found.mode),
        "effective": holding[found.id].mode.value if found.id in holding else None,
        "labels_needed": holding[found.id].stands.labels_needed if found.id in holding else None,
        "version": found.version,
        "owner": found.owner,
    }


def _record(found: Monitor, holding: Modes) -> Mapping[str, object]:
    return {
        **_row(found, holding),
        "near": float(found.near),
        "window_seconds": found.window.total_seconds(),
        "monotone": found.monotone,
        "reads": ", ".join(found.reads),
        "action": found.action,
        "authors": ", ".join(found.authors),
        "runbook": found.runbook,
        "source": name_of(found.source),
        "language": "python" if found.sql is None else "sql",
        "activity": ", ".join(a.name for a in found.activity) or None,
        "baseline": ", ".join(b.name for b in found.baseline) or None,
        "canary": "; ".join(_canary(rows) for rows in found.canary),
        "digest": digest_of(found),
        "behaviour": found.behaviour,
        "misses": found.section("Misses") or None,
        "false_alarms": found.section("False alarms") or None,
    }


def _canary(rows: Rows) -> str:
    return f"{rows.n} {rows.contract}"
