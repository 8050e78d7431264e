"""`watchfloor login`: prove who you are, and give others the means to."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getpass

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from orchestration.cli.output import emit_record, format_option
from orchestration.intake.rules import Rules, rules
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import connect, file_of, reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import open_ledger
from orchestration.oncall.people import Person, Roster
from orchestration.people import kept
from orchestration.people.errors import TokenError
from orchestration.people.issuing import give, take_away
from orchestration.people.tokens import authenticate, held, revoke
from orchestration.settings import Settings, load

TOKEN = "WATCHFLOOR_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Office:
    """The ledger and the rules in force, for one command."""

    settings: Settings
    engine: Engine
    rules: Rules
    now: datetime

    @property
    def roster(self) -> Roster:
        """Who works here."""
        return self.rules.roster


@contextmanager
def office() -> Iterator[Office]:
    """Open the ledger and read who works here."""
    settings, now = load(), datetime.now(UTC)
    engine = opened(settings.ledger)
    try:
        found = rules(engine, settings, now=now)
        for name, wrong in found.wrong.items():
            click.echo(f"{wrong}\nThe {name} are as they were before.", err=True)
        yield Office(settings, engine, found, now)
    finally:
        engine.dispose()


def opened(url: str) -> Engine:
    """The ledger. Raises LedgerError where there is none, or none that can be used."""
    try:
        return open_ledger(url)
    except DatabaseError as error:
        raise LedgerError(f"The ledger cannot be read: {error.orig}. Restore a backup.") from error


def opened_if_made(url: str) -> Engine | None:
    """The ledger; None where none was made yet. Raises LedgerError for one that is of no use."""
    engine = connect(url)
    path = file_of(engine)
    engine.dispose()
    return None if path is not None and not path.exists() else opened(url)


def signed_in(here: Office) -> Person:
    """Whose token the caller has. Raises TokenError without one, or one that is not valid."""
    with reading(here.engine) as connection:
        actor = authenticate(connection, here.roster, _required(here), here.now)
    return here.roster.person(actor.id)


def own_token(settings: Settings) -> str:
    """The caller's token: of the environment, or of their file in the home; empty if none."""
    return settings.token or kept.kept(settings.home)


def _required(here: Office) -> str:
    token = own_token(here.settings)
    if not token:
        raise TokenError(
            f"You are not logged in. Run `watchfloor login` with a token, or set {TOKEN}."
        )
    return token


@click.command()
@click.argument("person", metavar="[ID]", required=False)
@click.option("--issue", is_flag=True, help="Make a token for ID and print it, once.")
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=30,
    show_default=True,
    help="How long an issued token lasts.",
)
@click.option("--whoami", is_flag=True, help="Say who you are to Watchfloor, and until when.")
@click.option("--revoke", "ends", is_flag=True, help="End your token; with ID all of theirs.")
@format_option
def login(
    *, person: str | None, issue: bool, days: int, whoami: bool, ends: bool, form: str
) -> None:
    """Keep your token, read from stdin, for the commands that act in your name.

    Without an option: a token is asked for, checked and kept, for you alone to read.
    """
    chosen = [issue, whoami, ends]
    if sum(chosen) > 1 or (issue and not person) or (person and not (issue or ends)):
        raise click.UsageError(
            "Wanted one of: no argument, --whoami, --revoke, ID --issue, ID --revoke."
        )
    with office() as here:
        if issue and person:
            _issue(here, person, days)
        elif ends:
            emit_record(_revoke(here, person), form)
        elif whoami:
            emit_record(_who(here, _required(here)), form)
        else:
            _keep(here, form)


def _issue(here: Office, person: str, days: int) -> None:
    with writing(here.engine) as connection:
        by = own_token(here.settings)
        token = give(connection, here.roster, person, by=by, now=here.now, days=days)
    click.echo(token)
    click.echo(
        f"A token of {person}, for {days} days. It is shown this once: hand it over in private; "
        f"{person} runs `watchfloor login` with it.",
        err=True,
    )


def _keep(here: Office, form: str) -> None:
    asked = sys.stdin.isatty()
    token = (getpass("Token: ") if asked else sys.stdin.readline()).strip()
    record = _who(here, token)
    path = kept.keep(here.settings.home, token)
    emit_record(record, form)
    click.echo(f"Kept in {path}.", err=True)


def _who(here: Office, token: str) -> dict[str, object]:
    with reading(here.engine) as connection:
        found = held(connection, here.roster, token, here.now)
    person = here.roster.person(found.person)
    return {
        "person": person.id,
        "roles": ", ".join(sorted(person.roles)),
        "teams": ", ".join(sorted(person.teams)) or None,
        "expires_at": found.expires_at,
    }


def _revoke(here: Office, person: str | None) -> dict[str, object]:
    token = _required(here)
    with writing(here.engine) as connection:
        if person is not None:
            n = take_away(connection, here.roster, person, by=token, now=here.now)
            return {"person": person, "revoked": n}
        actor = Actor(held(connection, here.roster, token, here.now).person, "person")
        n = revoke(connection, token, act=Act(actor, here.now, "own token revoked"))
    if kept.kept(here.settings.home) == token:
        kept.forget(here.settings.home)
    if here.settings.token:
        click.echo(f"{TOKEN} is set to a token that is over; unset it.", err=True)
    return {"person": actor.id, "revoked": n}
