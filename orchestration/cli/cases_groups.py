"""`watchfloor cases merge|split|open`: which alerts and entities are one case."""

import re

import click

from monitors.evaluate import Span
from monitors.harms import Harm
from orchestration.cases import merge as grouping
from orchestration.cases.investigate import kinds
from orchestration.cases.members import Entity
from orchestration.cases.missing import REASON, open_escalation
from orchestration.cases.sightings import LOOK_BACK
from orchestration.cases.whose import real_ids
from orchestration.cli.cases_acts import full
from orchestration.cli.cases_desk import Casework, casework, reason_option
from orchestration.cli.cases_rows import emit_case
from orchestration.cli.cases_show import unit_id
from orchestration.cli.output import format_option
from orchestration.ledger.database import reading
from orchestration.oncall.people import require
from orchestration.triage.desks import Source

PSEUDONYM = "_[0-9a-f]{12}"


@click.command()
@click.argument("case", metavar="CASE")
@click.argument("other", metavar="OTHER")
@reason_option
@format_option
def merge(*, case: str, other: str, reason: str, form: str) -> None:
    """Give CASE all that OTHER has, and close OTHER. For leads."""
    with casework() as here:
        done = grouping.merge(
            here.engine,
            here.who,
            full(here, case),
            other_id=full(here, other),
            reason=reason,
            terms=here.terms,
            now=here.now,
        )
    emit_case(done, here.now, form)


@click.command()
@click.argument("case", metavar="CASE")
@click.option(
    "--alert",
    "alert_ids",
    metavar="ID",
    multiple=True,
    required=True,
    help="An alert that goes to the new case; may be repeated.",
)
@reason_option
@format_option
def split(*, case: str, alert_ids: tuple[str, ...], reason: str, form: str) -> None:
    """Make some alerts of a case a case of their own, and show that one. For leads."""
    with casework() as here:
        with reading(here.engine) as connection:
            chosen = [unit_id(connection, one) for one in alert_ids]
        done = grouping.split(
            here.engine,
            here.who,
            full(here, case),
            alert_ids=chosen,
            reason=reason,
            terms=here.terms,
            now=here.now,
        )
    emit_case(done, here.now, form)


@click.command("open")
@click.option(
    "--source",
    type=click.Choice([Source.ESCALATION.value]),
    default=Source.ESCALATION.value,
    show_default=True,
    help="What opens it: people, as alerts and reports open theirs by themselves.",
)
@click.option(
    "--entity",
    "entities",
    metavar="TYPE=ID",
    multiple=True,
    required=True,
    help="Whom it is about, by id or pseudonym: account_id=u17; may be repeated.",
)
@click.option("--product", required=True, help="The product where it happened.")
@click.option(
    "--harm",
    required=True,
    type=click.Choice([harm.value for harm in Harm]),
    help="The harm that was done.",
)
@click.option(
    "--reason", default=REASON, show_default=True, help="Why, in one line, for the audit; no names."
)
@format_option
def open_case(
    *, source: str, entities: tuple[str, ...], product: str, harm: str, reason: str, form: str
) -> None:
    """Open a case for something that no monitor caught.

    Each entity gets a label that says so, and the gap stays open until somebody closes it.
    """
    del source
    with casework() as here:
        require(here.who, "open_case")  # before anybody is named
        if product not in here.products:
            known = ", ".join(sorted(here.products))
            raise click.UsageError(f"There is no product '{product}'; there are {known}.")
        chosen = [entity_of(here, text) for text in entities]
        _remember(here, chosen, entities)
        done = open_escalation(
            here.engine,
            here.who,
            chosen,
            product,
            Harm(harm),
            terms=here.terms,
            now=here.now,
            reason=reason,
        )
    emit_case(done, here.now, form)


def _remember(here: Casework, chosen: list[Entity], given: tuple[str, ...]) -> None:
    """Keep the real ids of whom a case will be about: no alert says who they are."""
    real = {one: text.partition("=")[2] for one, text in zip(chosen, given, strict=True)}
    named = {one for one, text in real.items() if one[1] == text}
    span = Span(here.now - LOOK_BACK, here.now)
    with reading(here.engine) as connection:
        real |= real_ids(connection, here.lake, here.names, named, span)
    for one, entity in real.items():
        if one[1] != entity:
            here.names.remember(one[0], [entity])


def entity_of(here: Casework, text: str) -> tuple[str, str]:
    """Type and pseudonym of an entity given as TYPE=ID."""
    kind, equals, given = text.partition("=")
    if not equals or not given or kind not in kinds():
        raise click.UsageError(
            f"Wanted --entity TYPE=ID, as in account_id=u17; types are {', '.join(kinds())}."
        )
    return kind, named(here, kind, given)


def named(here: Casework, kind: str, given: str) -> str:
    """The pseudonym of an entity that is given by its id or its pseudonym."""
    if re.fullmatch(re.escape(kind.removesuffix("_id")) + PSEUDONYM, given):
        return given
    return here.names.name(kind, given)
