"""`watchfloor alerts`: look at alerts and act on them, without Slack."""

from collections.abc import Collection, Mapping
from datetime import datetime

import click
import polars as pl
from sqlalchemy import select

from monitors.contract import Mode, Severity
from orchestration.alerts.records import Alert, AlertState
from orchestration.cli.alerts_acts import ack, lower, silence, silences, unsilence
from orchestration.cli.alerts_desk import Desk, desk, named, real_entities
from orchestration.cli.alerts_replay import replay
from orchestration.cli.alerts_rows import LIST, mode_of, row_of
from orchestration.cli.alerts_show import explain, show
from orchestration.cli.output import emit, entities_option, format_option
from orchestration.cli.times import Since
from orchestration.ledger.alerts import read_alert
from orchestration.ledger.database import reading
from orchestration.ledger.tables import alerts as table


@click.group()
def alerts() -> None:
    """List alerts, say why they were told or not, ack and silence them."""


for command in (show, explain, ack, lower, silence, unsilence, silences, replay):
    alerts.add_command(command)


@alerts.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value for state in AlertState]),
    multiple=True,
    help="Only in this state; may be repeated. All but closed ones, if not given.",
)
@click.option(
    "--severity",
    "severities",
    type=click.Choice([severity.name for severity in Severity]),
    multiple=True,
    help="Only of this severity; may be repeated.",
)
@click.option("--product", help="Only of this product.")
@click.option("--monitor", metavar="ID", help="Only of this monitor: product/name.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    help="Only of monitors whose effective mode this is.",
)
@click.option("--entity", help="Only of this entity: its pseudonym, or its id.")
@click.option("--since", type=Since(), help="Only seen from then on: 24h, 7d or 2026-03-01.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Rows at most."
)
@entities_option
@format_option
def list_alerts(
    *,
    states: tuple[str, ...],
    severities: tuple[str, ...],
    product: str | None,
    monitor: str | None,
    mode: str | None,
    entity: str | None,
    since: datetime | None,
    limit: int,
    entities: bool,
    form: str,
) -> None:
    """List alerts, gravest first, then newest. Entities go by pseudonym."""
    with desk() as here:
        equal = {"product": product, "monitor": monitor}
        found = [
            alert
            for alert in _stored(here, states, severities, equal, since)
            if (mode is None or mode_of(here, alert) == mode)
            and (entity is None or alert.entity in named(here.settings, alert.entity_type, entity))
        ]
        found.sort(key=lambda a: (a.severity, -a.last_seen.timestamp(), a.alert_id))
        chosen = found[:limit]
        real = real_entities(here.settings, chosen) if entities else {}
        rows = [row_of(here, alert, real, short=form == "table") for alert in chosen]
    emit(pl.DataFrame(rows, schema=LIST, orient="row"), form)
    if len(found) > limit:
        click.echo(f"{len(found) - limit} more; raise --limit to see them.", err=True)


def _stored(
    here: Desk,
    states: Collection[str],
    severities: Collection[str],
    equal: Mapping[str, str | None],
    since: datetime | None,
) -> list[Alert]:
    chosen = states or [state for state in AlertState if state is not AlertState.CLOSED]
    rows = select(table).where(table.c.state.in_(list(chosen)))
    if severities:
        rows = rows.where(table.c.severity.in_([int(Severity[name]) for name in severities]))
    if since is not None:
        rows = rows.where(table.c.last_seen >= since)
    for name, value in equal.items():
        if value is not None:
            rows = rows.where(table.c[name] == value)
    with reading(here.engine) as connection:
        return [read_alert(row) for row in connection.execute(rows).mappings()]
