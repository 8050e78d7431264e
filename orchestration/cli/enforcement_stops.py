"""`watchfloor enforcement switch|protect|unprotect`: what keeps things from being done."""

from datetime import datetime

import click
import polars as pl
from sqlalchemy import select

from monitors.registry import registry
from orchestration.cli.cases_desk import Casework, casework, confirmed, yes_option
from orchestration.cli.cases_groups import entity_of
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.cli.times import Time
from orchestration.enforcement import protections, switches
from orchestration.enforcement.claim import due
from orchestration.ledger.database import reading
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import where
from orchestration.ledger.tables import switches as table
from orchestration.oncall.people import require

SWITCHES = {
    "name": pl.String(),
    "on": pl.Boolean(),
    "by": pl.String(),
    "at": MOMENT,
    "reason": pl.String(),
}
PROTECTED = {
    "entity_type": pl.String(),
    "entity": pl.String(),
    "tag": pl.String(),
    "by": pl.String(),
    "at": MOMENT,
    "ends_at": MOMENT,
}
WANTED = "Wanted --reason: why, in one line, for the audit."


@click.command()
@click.argument("state", metavar="[on|off]", type=click.Choice(["on", "off"]), required=False)
@click.argument("name", metavar="[all|product:P|monitor:M]", default=switches.ALL)
@click.option("--reason", help="Why, in one line, for the audit. Required to turn one.")
@yes_option
@format_option
def switch(*, state: str | None, name: str, reason: str | None, yes: bool, form: str) -> None:
    """Turn a kill switch on or off; without an argument list those that were ever thrown.

    While it is on nothing new is done to anybody that it covers. Reversals and appeals go on.
    Turning one off asks first, as what waits is then sent, and needs who may approve.
    """
    with casework() as here:
        if state is None:
            with reading(here.engine) as connection:
                rows = connection.execute(select(table).order_by(table.c.name)).mappings().all()
            found = [tuple(row[column] for column in SWITCHES) for row in rows]
            emit(pl.DataFrame(found, schema=SWITCHES, orient="row"), form)
            return
        if not reason:
            raise click.UsageError(WANTED)
        if state == "on":
            _check_there(here, name)
        if state == "off":
            require(here.who, "approve")
            with reading(here.engine) as connection:
                waits = where(connection, ENFORCEMENTS, due(here.now)).values()
                n = sum(
                    switches.covering({name}, row.product, row.monitor) == name for row in waits
                )
            confirmed(f"Lift {name}? {n} approved enforcements are due and may be sent.", yes=yes)
        changed = switches.throw(
            here.engine, who=here.who, name=name, on=state == "on", reason=reason, now=here.now
        )
    emit_record({"name": name, "on": state == "on", "by": here.who.id, "changed": changed}, form)
    if not changed:
        click.echo(f"It was {state} before; nothing was changed.", err=True)


def _check_there(here: Casework, name: str) -> None:
    """UsageError for a switch that covers nothing: whoever throws it relies on it."""
    kind, _, what = name.partition(":")
    known = {"product": here.products, "monitor": registry().monitors}.get(kind)
    if known is not None and switches.NAME.fullmatch(name) and what not in known:
        raise click.UsageError(
            f"There is no {kind} '{what}', so nothing would be stopped; wanted one of "
            f"{', '.join(sorted(known))}. Or throw all."
        )


@click.command()
@click.argument("entity", metavar="[TYPE=ID]", required=False)
@click.option("--tag", help="Why, as one of enforcement.yaml's tags. Required to protect.")
@click.option("--until", type=Time(), help="Until when; for good, if not given.")
@click.option("--reason", help="Why, in one line, for the audit. Required to protect.")
@format_option
def protect(
    *,
    entity: str | None,
    tag: str | None,
    until: datetime | None,
    reason: str | None,
    form: str,
) -> None:
    """Protect an entity, given as account_id=u17 by id or pseudonym; without one list all.

    Nothing is done to a protected one without two people.
    """
    with casework() as here:
        if entity is None:
            with reading(here.engine) as connection:
                every = protections.protected(connection, here.now)
            rows = [tuple(getattr(one, name) for name in PROTECTED) for one in every]
            emit(pl.DataFrame(rows, schema=PROTECTED, orient="row"), form)
            return
        if not tag or not reason:
            raise click.UsageError("Wanted --tag and --reason, to protect somebody.")
        require(here.who, "protect")  # before anybody is named
        kind, name = entity_of(here, entity)
        protections.protect(
            here.engine,
            who=here.who,
            entity_type=kind,
            entity=name,
            tag=tag,
            reason=reason,
            rules=here.terms.enforcement,
            now=here.now,
            ends_at=until,
        )
    emit_record({"entity_type": kind, "entity": name, "tag": tag, "ends_at": until}, form)


@click.command()
@click.argument("entity", metavar="TYPE=ID")
@click.option("--reason", required=True, help="Why, in one line, for the audit.")
@format_option
def unprotect(entity: str, reason: str, form: str) -> None:
    """End a protection."""
    with casework() as here:
        require(here.who, "protect")  # before anybody is named
        kind, name = entity_of(here, entity)
        ended = protections.unprotect(
            here.engine,
            who=here.who,
            entity_type=kind,
            entity=name,
            reason=reason,
            now=here.now,
        )
    emit_record({"entity_type": kind, "entity": name, "ended": ended}, form)
    if not ended:
        click.echo("It was not protected; nothing was changed.", err=True)
