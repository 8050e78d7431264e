"""`watchfloor alerts show|explain`: one alert, what became of it, and why it was told or not."""

from collections.abc import Iterable

import click
import polars as pl
from sqlalchemy import RowMapping

from orchestration.acts.lives import life_of
from orchestration.acts.threads import Thread
from orchestration.alerts.explain import Explanation
from orchestration.alerts.explain import explain as explained
from orchestration.cli.alerts_desk import desk, real_entities
from orchestration.cli.alerts_rows import MOMENT, record_of
from orchestration.cli.output import emit_record, emit_sections, entities_option, format_option
from orchestration.intake.state import load
from orchestration.ledger.alerts import alert_of
from orchestration.ledger.database import reading


@click.command()
@click.argument("alert_id", metavar="ID")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Findings at most."
)
@entities_option
@format_option
def show(alert_id: str, limit: int, *, entities: bool, form: str) -> None:
    """Show one alert: what it is, its life, its newest findings, and the threads it is told in."""
    with desk() as here:
        (full,) = here.full_ids([alert_id])
        with reading(here.engine) as connection:
            alert, life = alert_of(connection, full), life_of(connection, full)
        real = real_entities(here.settings, [alert]) if entities else {}
        record = record_of(here, alert, real)
    newest = life.findings[::-1][:limit]
    parts = {
        "life": _life(life.entries),
        "findings": _findings(newest),
        "threads": _threads(life.threads),
    }
    if form == "table":
        emit_record(record)
        click.echo()
        emit_sections(parts)
        if len(life.findings) > limit:
            click.echo(f"{len(life.findings) - limit} findings more; raise --limit.", err=True)
    else:
        emit_sections({"alert": pl.DataFrame([record], strict=False), **parts}, form)


@click.command()
@click.argument("alert_id", metavar="ID")
@format_option
def explain(alert_id: str, form: str) -> None:
    """Say why an alert was told or not, what mutes it, and when it is next told."""
    with desk() as here:
        (full,) = here.full_ids([alert_id])
        config = here.rules.config
        with reading(here.engine) as connection:
            state = load(connection, now=here.now, oldest=here.now - config.memory).state
        found = explained(state, alert_id=full, watched=here.watched, now=here.now, config=config)
    if form == "table":
        click.echo("\n".join(found.lines()))
    else:
        emit_sections(_explained(found), form)


def _life(entries: Iterable[RowMapping]) -> pl.DataFrame:
    schema = {
        "at": MOMENT,
        "who": pl.String(),
        "what": pl.String(),
        "on": pl.String(),
        "why": pl.String(),
    }
    rows = [
        (row["at"], row["actor"], row["verb"], row["object"].split(":")[0], row["reason"])
        for row in entries
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _findings(found: Iterable[RowMapping]) -> pl.DataFrame:
    schema = {
        "taken_at": MOMENT,
        "kind": pl.String(),
        "window_start": MOMENT,
        "window_end": MOMENT,
        "finding_id": pl.String(),
    }
    rows = [
        (row["at"], row["kind"], row["window_start"], row["window_end"], row["finding_id"])
        for row in found
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _threads(found: Iterable[Thread]) -> pl.DataFrame:
    schema = {
        "receiver": pl.String(),
        "route": pl.String(),
        "opened_at": MOMENT,
        "closed_at": MOMENT,
        "assigned_to": pl.String(),
        "thread_id": pl.String(),
    }
    rows = [
        (one.receiver, one.route, one.opened_at, one.closed_at, one.assigned_to, one.thread_id)
        for one in found
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _explained(found: Explanation) -> dict[str, pl.DataFrame]:
    alert = {"alert_id": found.alert_id, "standing": found.standing, "mutes": list(found.mutes)}
    schema = {
        "route": pl.String(),
        "receiver": pl.String(),
        "told_at": MOMENT,
        "told_reason": pl.String(),
        "next_at": MOMENT,
        "next_reason": pl.String(),
    }
    rows = [tuple(getattr(telling, name) for name in schema) for telling in found.tellings]
    return {
        "alert": pl.DataFrame([alert], schema_overrides={"mutes": pl.List(pl.String())}),
        "tellings": pl.DataFrame(rows, schema=schema, orient="row"),
    }
