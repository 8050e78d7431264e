"""`watchfloor cases next|show`: a case with everything that helps to decide it."""

import click
import polars as pl
from sqlalchemy import Connection

from orchestration.cases import acts, queue
from orchestration.cases.enrichment import enrich_case
from orchestration.cases.evidence import Evidence, evidence
from orchestration.cases.judging import units_of
from orchestration.cases.members import members
from orchestration.cases.reveal import AT_ONCE, reveal
from orchestration.cases.similar import similar
from orchestration.cli.cases_acts import full
from orchestration.cli.cases_desk import Casework, busy, casework
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT, record_of
from orchestration.cli.cases_tables import (
    facts_table,
    life_table,
    links_table,
    monitors_table,
    policy_table,
    similar_table,
    units_table,
)
from orchestration.cli.errors import NoDataError
from orchestration.cli.output import emit_record, emit_sections, format_option
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.database import reading
from orchestration.ledger.tables import alerts as alerts_table

SHORT = 12  # digits of an alert's id in a table
Sections = dict[str, pl.DataFrame]


@click.command("next")
@format_option
def next_case(form: str) -> None:
    """Take the case that is first among those you may work on, and show it.

    To look at it is its first action: its review has begun.
    """
    with casework() as here:
        found = queue.next_case(here.engine, here.who, here.terms, here.now)
        if found is None:
            raise NoDataError(
                f"No case waits that {here.who.id} may take. `watchfloor cases queues` shows all."
            )
        if found.state is CaseState.ASSIGNED:
            acts.review(here.engine, here.who, found.case_id, terms=here.terms, now=here.now)
        _emit(here, found.case_id, form)


@click.command()
@click.argument("case", metavar="CASE")
@click.option(
    "--reveal", "revealed", is_flag=True, help="Show what was written, too: each view is noted."
)
@click.option("--unit", metavar="ID", help="Of which alert or entity; wanted if there are several.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=AT_ONCE,
    show_default=True,
    help="Texts at most.",
)
@format_option
def show(*, case: str, revealed: bool, unit: str | None, limit: int, form: str) -> None:
    """Show a case: its clock, evidence, what is known of whom, similar cases and the policy.

    What people wrote is shown with --reveal only, to who has the case, by a role that its queue
    lets. Every view is in the audit and counts against your limit of the day.
    """
    if unit and not revealed:
        raise click.UsageError("--unit goes with --reveal.")
    with casework() as here:
        case_id = full(here, case)
        content = _content(here, case_id, unit, limit) if revealed else {}
        _emit(here, case_id, form, content)


def _emit(here: Casework, case_id: str, form: str, more: Sections | None = None) -> None:
    with busy("looking"):
        found = evidence(here.engine, here.lake, here.terms, who=here.who, case_id=case_id)
        known = enrich_case(
            here.engine,
            here.lake,
            here.names,
            here.lists,
            who=here.who,
            desks=here.terms.desks,
            case_id=case_id,
            now=here.now,
        )
    with reading(here.engine) as connection:
        alike = similar(connection, case_id)
        life = life_table(connection, case_id)
        have = members(connection, [case_id])[case_id]
    record = record_of(found.case, here.now)
    parts: Sections = {
        "units": units_table(have),
        "findings": found.findings,
        "facts": facts_table(known),
        "links": links_table(known),
        "similar": similar_table(alike),
        "monitors": monitors_table(found.monitors),
        "policy": policy_table(found.policy),
        "life": life,
        **(more or {}),
    }
    if form == "table":
        emit_record(record)
        click.echo()
        shown = {name: rows for name, rows in parts.items() if not rows.is_empty()}
        emit_sections({name: _shortened(name, rows) for name, rows in shown.items()})
        _remark(found)
    else:
        emit_sections({"case": pl.DataFrame([record], strict=False), **parts}, form)


def _shortened(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """A part as people read it: ids of alerts are cut, and left out what the case says above."""
    if name == "findings":
        rows = rows.drop("version", "entity_type", "finding_id")
    wide = [column for column in ("unit", "alert_id") if column in rows.columns]
    return rows.with_columns(
        pl.when(pl.col(column).str.contains("^[0-9a-f]+$"))
        .then(pl.col(column).str.head(SHORT))
        .otherwise(pl.col(column))
        for column in wide
    )


def _remark(found: Evidence) -> None:
    if found.left_out:
        click.echo(f"{found.left_out} older findings are left out.", err=True)
    if found.gone:
        click.echo(f"{found.gone} findings are not in the lake any more.", err=True)


def _content(here: Casework, case_id: str, unit: str | None, limit: int) -> Sections:
    """What a unit's entity wrote. It goes to the terminal and nowhere else."""
    seen = reveal(
        here.engine,
        here.lake,
        here.names,
        who=here.who,
        case_id=case_id,
        unit=_unit(here, case_id, unit),
        now=here.now,
        terms=here.terms,
        most=limit,
    )
    click.echo(
        f"{len(seen.texts)} texts, {seen.left_out} more; you may see {seen.remaining} more today.",
        err=True,
    )
    schema = {
        "at": MOMENT,
        "product": pl.String(),
        "contract": pl.String(),
        "column": pl.String(),
        "event_id": pl.String(),
        "text": pl.String(),
    }
    rows = [tuple(getattr(one, name) for name in schema) for one in seen.texts]
    return {"content": pl.DataFrame(rows, schema=schema, orient="row")}


def _unit(here: Casework, case_id: str, given: str | None) -> str:
    """The unit to reveal, as `reveal` takes it: an alert, or an entity's pseudonym."""
    with reading(here.engine) as connection:
        units = units_of(members(connection, [case_id])[case_id])
        if given is None and len(units) == 1:
            (found,) = units.values()
        elif given is None:
            raise click.UsageError(
                f"The case has {len(units)} units; name one with --unit, from `cases show`."
            )
        else:
            return unit_id(connection, given)
    return found.id if found.alert else found.entity


def unit_id(connection: Connection, given: str) -> str:
    """The whole id of a unit: an alert's may be abbreviated, an entity's goes as it is."""
    if not set(given) <= set("0123456789abcdef"):
        return given
    return full_id(
        connection, alerts_table.c.alert_id, given, what="alert", listed="watchfloor cases show"
    )
