"""`watchfloor enforcement preview`: what is decided would do, before it is planned."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import click
import polars as pl
from sqlalchemy import Connection, select

from monitors.registry import registry
from orchestration.cases.members import batches as in_batches
from orchestration.cli.cases_desk import Casework, busy, casework
from orchestration.cli.output import emit, format_option
from orchestration.enforcement.active import ActiveEntities
from orchestration.enforcement.drafts import Cause, Draft, causes, drafts, undone
from orchestration.enforcement.preview import Preview
from orchestration.enforcement.preview import preview as counted
from orchestration.enforcement.settle import settle
from orchestration.enforcement.targets import Targets, places_of
from orchestration.ledger.database import reading
from orchestration.ledger.tables import decisions
from orchestration.pseudonyms import Pseudonyms

PREVIEW = {
    "product": pl.String(),
    "mode": pl.String(),
    "targets": pl.Int64(),
    "share": pl.Float64(),
    "protected": pl.Int64(),
    "already": pl.Int64(),
    "states": pl.String(),
    "actions": pl.String(),
    "monitors": pl.String(),
    "codes": pl.String(),
    "breaches": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Passing(Pseudonyms):
    """Names whose real ids are not kept: nobody is acted on yet."""

    def remember(self, kind: str, entities: Iterable[str]) -> dict[str, str]:
        """Names as of `names`."""
        return self.names(kind, entities)


@click.command()
@format_option
def preview(form: str) -> None:
    """Say what is decided and not yet planned would do: the blast radius, product by product.

    Gates and caps are asked as the planner asks them. Nothing is written.
    """
    with casework() as here, busy("looking"):
        found = _previews(here)
    if form == "table":
        for product, one in found.items():
            click.echo(f"{product} ({here.terms.enforcement.acting(product).value}): {one.text}")
    else:
        rows = [_row(here, product, one) for product, one in found.items()]
        emit(pl.DataFrame(rows, schema=PREVIEW, orient="row"), form)
    if not found:
        click.echo("Nothing is decided that is not planned.", err=True)


def _previews(here: Casework) -> dict[str, Preview]:
    rules, active = here.terms.enforcement, ActiveEntities(here.lake, here.now)
    targets = Targets(here.lake, Passing(here.settings.home), registry().monitors)
    with reading(here.engine) as connection:
        found = _causes(connection, here)
        places = places_of(connection, (one.unit.alert_id for one in found if one.unit.alert_id))
    aims = targets.aims((one.unit for one in found), rules, places)
    made = drafts(found, aims, rules=rules, targets=targets, now=here.now)
    by_product: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in made:
        by_product[draft.row.product].append(draft)
    shown = {}
    with reading(here.engine) as connection:
        for product, some in sorted(by_product.items()):
            settled = settle(connection, some, rules=rules, active=active, now=here.now)
            shown[product] = counted(settled.gone_on, settled.breaches, active=active)
    return shown


def _causes(connection: Connection, here: Casework) -> list[Cause]:
    """What decisions that stand and are not taken up ask for."""
    decided = undone(connection)
    ids = [row["decision_id"] for row in decided]
    d = decisions.c
    found = (
        connection.scalars(select(d.supersedes).where(d.supersedes.in_(some)))
        for some in in_batches(ids)
    )
    replaced = set(chain.from_iterable(found))
    standing = [row for row in decided if row["decision_id"] not in replaced]
    return causes(connection, standing, here.terms)


def _row(here: Casework, product: str, one: Preview) -> tuple[object, ...]:
    return (
        product,
        here.terms.enforcement.acting(product).value,
        one.targets,
        one.shares.get(product),
        one.protected,
        one.already,
        *(_text(part) for part in (one.states, one.actions, one.monitors, one.codes)),
        ", ".join(str(breach["cap"]) for breach in one.breaches) or None,
    )


def _text(counts: Mapping[str, int]) -> str | None:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or None
