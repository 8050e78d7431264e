"""`watchfloor forget`: take somebody out of everything that Watchfloor keeps."""

import click
import polars as pl

from monitors.registry import registry
from orchestration.cli.login import Office, office, signed_in
from orchestration.cli.output import emit, format_option
from orchestration.forgetting.forget import Forgotten, Place, look
from orchestration.forgetting.forget import forget as forget_subject
from orchestration.forgetting.subject import Subject
from orchestration.lake import Lake
from orchestration.oncall.people import require
from orchestration.pseudonyms import Pseudonyms

REASON = "asked to be forgotten"


@click.command()
@click.argument("entity")
@click.option(
    "--type", "entity_type", required=True, help="What it is: account_id, device_id, ip, …"
)
@click.option("--reason", default=REASON, show_default=True, help="Why, for the audit, in a line.")
@click.option(
    "--leave-standing", is_flag=True, help="Though actions stand that nobody can undo after it."
)
@click.option("--yes", is_flag=True, help="Do it. Without it, say what would be done.")
@format_option
def forget(
    *, entity: str, entity_type: str, reason: str, leave_standing: bool, yes: bool, form: str
) -> None:
    """Remove every row of ENTITY from the lake and destroy the key of its pseudonym.

    It cannot be undone. To be repeated if it was broken off. The ledger keeps its alerts, under a
    pseudonym that nobody can link to it any more.
    """
    subject = Subject(entity_type, entity)
    with office() as here:
        who = signed_in(here)
        require(who, "forget")
        place = _place(here)
        if not yes:
            found = look(place, subject)
            _emit(Forgotten(found.rows, found.alerts, len(found.names), ""), form)
            if found.standing:
                click.echo(f"{found.standing} actions stand or are under way.", err=True)
            click.echo("Nothing was removed; --yes does it, for good.", err=True)
            return
        done = forget_subject(
            place, subject, who=who, reason=reason, now=here.now, leave_standing=leave_standing
        )
        _emit(done, form)
        said = (
            f"In the audit as {done.forgotten_id}." if done.forgotten_id else "There was nothing."
        )
        click.echo(said, err=True)


def _place(here: Office) -> Place:
    settings = here.settings
    return Place(Lake(settings.lake), here.engine, Pseudonyms(settings.home), registry())


def _emit(done: Forgotten, form: str) -> None:
    """Print rows by table, alerts that stay, and keys."""
    rows = [("lake", table, n) for table, n in done.rows.items()]
    rows += [("ledger", "alerts, which stay", done.alerts), ("keys", "pseudonyms", done.keys)]
    emit(pl.DataFrame(rows, schema=["where", "what", "rows"], orient="row"), form)
