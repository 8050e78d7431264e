"""`watchfloor incident`: run an incident, from its opening to the post-mortem."""

from pathlib import Path

import click
import polars as pl

from monitors.contract import Severity
from orchestration.cases import incidents
from orchestration.cases.incident_record import (
    Contact,
    Incident,
    all_incidents,
    incident_of,
    timeline_of,
)
from orchestration.cases.postmortem import record_of as postmortem_of
from orchestration.cases.postmortem import skeleton
from orchestration.cli.cases_acts import full
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.cases_groups import entity_of
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.output import emit, emit_record, emit_sections, format_option
from orchestration.ledger.database import reading
from orchestration.ledger.tables import cases as cases_table
from orchestration.ledger.tables import incidents as table
from orchestration.oncall.people import require

LIST = {
    "incident_id": pl.String(),
    "severity": pl.String(),
    "state": pl.String(),
    "title": pl.String(),
    "commander": pl.String(),
    "opened_at": MOMENT,
    "mitigated_at": MOMENT,
    "closed_at": MOMENT,
}
TIMELINE = {
    "at": MOMENT,
    "person": pl.String(),
    "kind": pl.String(),
    "object": pl.String(),
    "line": pl.String(),
}


@click.group()
def incident() -> None:
    """Run an incident: roles, timeline, contacts, post-mortem."""


@incident.command("open")
@click.argument("title", metavar="TITLE")
@click.option(
    "--severity",
    type=click.Choice([severity.name for severity in Severity]),
    required=True,
    help="How grave it is.",
)
@click.option("--case", "cases", metavar="ID", multiple=True, help="A case of it; may be repeated.")
@format_option
def open_incident(*, title: str, severity: str, cases: tuple[str, ...], form: str) -> None:
    """Open an incident. TITLE names no person and no customer. You are its commander."""
    with casework() as here:
        made = incidents.open_incident(
            here.engine,
            who=here.who,
            title=title,
            severity=Severity[severity],
            now=here.now,
            case_ids=[full(here, one) for one in cases],
        )
    _emit(made, form)


@incident.command("list")
@click.option("--all", "closed", is_flag=True, help="Those that are over, too.")
@format_option
def list_incidents(*, closed: bool, form: str) -> None:
    """List incidents that go on, the newest first."""
    with casework() as here, reading(here.engine) as connection:
        found = all_incidents(connection, closed=closed)
    rows = [tuple(_record(one)[name] for name in LIST) for one in found]
    emit(pl.DataFrame(rows, schema=LIST, orient="row"), form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@format_option
def show(incident_id: str, form: str) -> None:
    """Show an incident: its roles, its cases and its timeline."""
    with casework() as here:
        found_id = _full(here, incident_id)
        with reading(here.engine) as connection:
            found = incident_of(connection, found_id)
            events = timeline_of(connection, found_id)
            mine = cases_table.select().where(cases_table.c.incident_id == found_id)
            linked = connection.execute(mine.order_by(cases_table.c.opened_at)).mappings().all()
    rows = [tuple(getattr(event, name) for name in TIMELINE) for event in events]
    schema = dict.fromkeys(("case_id", "state", "queue", "severity"), pl.String())
    shown = [
        (row["case_id"], "restricted", None, None)
        if row["restricted"]
        else (row["case_id"], row["state"], row["queue"], Severity(row["severity"]).name)
        for row in linked
    ]
    parts = {
        "cases": pl.DataFrame(shown, schema=schema, orient="row"),
        "timeline": pl.DataFrame(rows, schema=TIMELINE, orient="row"),
    }
    record = {**_record(found), "roles": _roles(found)}
    if form == "table":
        emit_record(record)
        click.echo()
        emit_sections(parts)
    else:
        emit_sections({"incident": pl.DataFrame([record], strict=False), **parts}, form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("name", metavar="ROLE", type=click.Choice(incidents.ROLES))
@click.argument("person", metavar="PERSON")
@format_option
def role(*, incident_id: str, name: str, person: str, form: str) -> None:
    """Give a ROLE to PERSON: commander, comms or ops."""
    with casework() as here:
        made = incidents.set_role(
            here.engine,
            _full(here, incident_id),
            who=here.who,
            role=name,
            person=person,
            roster=here.terms.roster,
            now=here.now,
        )
    _emit(made, form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("line", metavar="LINE")
@format_option
def note(incident_id: str, line: str, form: str) -> None:
    """Add a LINE to the timeline, even of an incident that is over."""
    with casework() as here:
        found_id = _full(here, incident_id)
        incidents.note(here.engine, found_id, who=here.who, line=line, now=here.now)
        _emit(_found(here, found_id), form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("cases", metavar="CASE...", nargs=-1, required=True)
@format_option
def link(incident_id: str, cases: tuple[str, ...], form: str) -> None:
    """Say that cases are part of an incident: all, or none if one cannot be."""
    with casework() as here:
        found_id = _full(here, incident_id)
        ids = [full(here, one) for one in cases]
        n = incidents.link_cases(here.engine, found_id, who=here.who, case_ids=ids, now=here.now)
    emit_record({"incident_id": found_id, "linked": n}, form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("account", metavar="TYPE=ID")
@click.argument("status", metavar="STATUS", type=click.Choice([one.value for one in Contact]))
@click.option("--person", required=True, help="Id of who speaks to them.")
@format_option
def contact(*, incident_id: str, account: str, status: str, person: str, form: str) -> None:
    """Record how far it is with an account that somebody has to speak to.

    TYPE=ID is as account_id=u17, kept by pseudonym; STATUS is to_contact, contacted or answered.
    """
    with casework() as here:
        require(here.who, "incident")  # before anybody is named
        found_id = _full(here, incident_id)
        _, name = entity_of(here, account)
        incidents.contact(
            here.engine,
            found_id,
            who=here.who,
            account=name,
            person=person,
            status=Contact(status),
            roster=here.terms.roster,
            now=here.now,
        )
    emit_record({"incident_id": found_id, "account": name, "contact": status}, form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("line", metavar="LINE")
@format_option
def mitigate(incident_id: str, line: str, form: str) -> None:
    """Say that it does no more harm; LINE says what ended it."""
    with casework() as here:
        found_id = _full(here, incident_id)
        made = incidents.mitigate(here.engine, found_id, who=here.who, line=line, now=here.now)
    _emit(made, form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("line", metavar="LINE")
@format_option
def close(incident_id: str, line: str, form: str) -> None:
    """Say that it is over; not while it does harm, or somebody is still to be contacted."""
    with casework() as here:
        found_id = _full(here, incident_id)
        made = incidents.close_incident(
            here.engine, found_id, who=here.who, line=line, now=here.now
        )
    _emit(made, form)


@incident.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="To this file, which is new."
)
def postmortem(incident_id: str, out: Path | None) -> None:
    """Write the skeleton of a post-mortem in Markdown: facts filled in, judgement to be written."""
    with casework() as here:
        require(here.who, "incident")
        found_id = _full(here, incident_id)
        with reading(here.engine) as connection:
            page = skeleton(postmortem_of(connection, found_id))
    if out is None:
        click.echo(page, nl=False)
        return
    if out.exists():
        raise click.UsageError("The file is there already; name a new one.")
    out.write_text(page, encoding="utf-8")
    click.echo(f"Written to {out}.", err=True)


def _full(here: Casework, given: str) -> str:
    with reading(here.engine) as connection:
        return full_id(
            connection,
            table.c.incident_id,
            given,
            what="incident",
            listed="watchfloor incident list",
            prefixes=("", "incident_"),
        )


def _found(here: Casework, incident_id: str) -> Incident:
    with reading(here.engine) as connection:
        return incident_of(connection, incident_id)


def _record(one: Incident) -> dict[str, object]:
    known = {name: getattr(one, name, None) for name in LIST}
    return {
        **known,
        "severity": one.severity.name,
        "state": one.state.value,
        "commander": one.roles.get("commander"),
    }


def _roles(one: Incident) -> str:
    return ", ".join(f"{name} {person}" for name, person in sorted(one.roles.items()))


def _emit(one: Incident, form: str) -> None:
    emit_record({**_record(one), "roles": _roles(one)}, form)
