"""`watchfloor cases next|show`: a case with everything that helps to decide it."""

import click
import polars as pl
from sqlalchemy import Connection, select

from orchestration.cases import acts, queue
from orchestration.cases.enrichment import Enriched, enrich_case
from orchestration.cases.evidence import Evidence, evidence
from orchestration.cases.judging import units_of
from orchestration.cases.members import Members, members
from orchestration.cases.reveal import AT_ONCE, reveal
from orchestration.cases.similar import Similar, similar
from orchestration.cli.cases_acts import full
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT, record_of
from orchestration.cli.errors import NoDataError
from orchestration.cli.output import emit_record, emit_sections, format_option
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.database import reading
from orchestration.ledger.tables import alerts as alerts_table
from orchestration.ledger.tables import audit
from orchestration.policies.policy import Policy

Sections = dict[str, pl.DataFrame]
FACTS = {
    "entity": pl.String(),
    "fact": pl.String(),
    "value": pl.String(),
    "from": pl.String(),
    "as_of": MOMENT,
}


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
    found = evidence(here.engine, here.lake, here.terms, who=here.who, case_id=case_id)
    known = enrich_case(
        here.engine, here.lake, here.names, here.lists, case_id=case_id, now=here.now
    )
    with reading(here.engine) as connection:
        alike = similar(connection, case_id)
        life = _life(connection, case_id)
        have = members(connection, [case_id])[case_id]
    record = record_of(found.case, here.now)
    parts: Sections = {
        "units": _units(have),
        "findings": found.findings,
        "facts": _facts(known),
        "links": _links(known),
        "similar": _similar(alike),
        "monitors": pl.DataFrame(list(found.monitors)),
        "policy": _policy(found.policy),
        "life": life,
        **(more or {}),
    }
    if form == "table":
        emit_record(record)
        click.echo()
        emit_sections({name: rows for name, rows in parts.items() if not rows.is_empty()})
        _remark(found)
    else:
        emit_sections({"case": pl.DataFrame([record], strict=False), **parts}, form)


def _remark(found: Evidence) -> None:
    for n, what in ((found.left_out, "older findings are left out"), (found.gone, "are gone")):
        if n:
            click.echo(f"{n} {what}.", err=True)


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


def _units(have: Members) -> pl.DataFrame:
    schema = {
        "unit": pl.String(),
        "entity": pl.String(),
        "monitor": pl.String(),
        "severity": pl.String(),
        "state": pl.String(),
        "findings": pl.Int64(),
        "last_seen": MOMENT,
    }
    rows = []
    for unit in units_of(have).values():
        alert = unit.alert
        more = (
            (alert.monitor, alert.severity.name, alert.state.value, alert.standing, alert.last_seen)
            if alert
            else (None,) * 5
        )
        rows.append((unit.id, unit.entity, *more))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _facts(known: list[Enriched]) -> pl.DataFrame:
    """One row for each fact, unknown ones too: a null is no 0."""
    rows = [
        (one.entity, fact.name, value_text(fact.value), fact.table, fact.as_of)
        for one in known
        for fact in one.facts
    ]
    return pl.DataFrame(rows, schema=FACTS, orient="row")


def value_text(value: object) -> str | None:
    """A fact's value as text; None for what is unknown."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _links(known: list[Enriched]) -> pl.DataFrame:
    frames = [one.links.select(pl.lit(one.entity).alias("entity"), pl.all()) for one in known]
    return pl.concat(frames) if frames else pl.DataFrame()


def _similar(found: list[Similar]) -> pl.DataFrame:
    schema = {
        "case_id": pl.String(),
        "harm": pl.String(),
        "policy": pl.String(),
        "decided_at": MOMENT,
        "distance": pl.Float64(),
        **dict.fromkeys(("violating", "benign", "insufficient", "no_policy"), pl.Int64()),
    }
    rows = [
        (
            one.case_id,
            one.harm,
            f"{one.policy_id}/{one.policy_version}" if one.policy_id else None,
            one.decided_at,
            one.distance,
            *(one.outcomes[name] for name in list(schema)[5:]),
        )
        for one in found
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _policy(policy: Policy | None) -> pl.DataFrame:
    """The policy, a line for each of its parts."""
    if policy is None:
        return pl.DataFrame(schema={"part": pl.String(), "text": pl.String()})
    parts = {
        "policy": f"{policy.id}, version {policy.version}: {policy.title}",
        "not allowed": policy.text.not_allowed,
        "allowed": policy.text.allowed,
        "borderline": policy.text.borderline,
        "ground": f"{policy.ground.kind.value}: {policy.ground.clause}",
        "actions": ", ".join(policy.actions),
        "playbook": policy.playbook,
    }
    rows = [(part, " ".join(text.split())) for part, text in parts.items()]
    return pl.DataFrame(rows, schema={"part": pl.String(), "text": pl.String()}, orient="row")


def _life(connection: Connection, case_id: str) -> pl.DataFrame:
    schema = {"at": MOMENT, "who": pl.String(), "what": pl.String(), "why": pl.String()}
    objects = [f"{kind}:{case_id}" for kind in ("case", "case_alerts", "case_reports")]
    mine = select(audit.c.at, audit.c.actor, audit.c.verb, audit.c.reason).where(
        audit.c.object.in_(objects)
    )
    rows = connection.execute(mine.order_by(audit.c.seq)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
