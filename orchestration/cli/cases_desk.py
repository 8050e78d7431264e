"""What the commands about cases and enforcement share: terms in force, and who is asking."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path

import click

from monitors.registry import registry
from orchestration.alerting import Alerting
from orchestration.cases.lists import Lists, read_lists
from orchestration.cases.terms import Terms, terms
from orchestration.cli.login import Office, office, signed_in
from orchestration.cli.output import Command
from orchestration.cli.progress import progress
from orchestration.lake import Lake
from orchestration.oncall.people import Person
from orchestration.pseudonyms import Pseudonyms
from orchestration.working import Working

LISTS = Path(__file__).parents[2] / "samples" / "enrichment"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Casework(Office):
    """An office with the terms of casework in force, and the person who is asking."""

    terms: Terms = field(repr=False)
    who: Person

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.lake)

    @property
    def names(self) -> Pseudonyms:
        """How entities are named."""
        return Pseudonyms(self.settings.home)

    @property
    def products(self) -> Collection[str]:
        """Products that are watched."""
        return registry().products

    @property
    def lists(self) -> Lists:
        """Lists that enrichment asks; what is not there counts as unknown."""
        return read_lists(LISTS)


@contextmanager
def casework() -> Iterator[Casework]:
    """Open the ledger for somebody with a token; what is wrong with a file is said on stderr."""
    with office() as here:
        who = signed_in(here)
        found = terms(here.engine, here.settings, now=here.now)
        for name, wrong in found.wrong.items():
            if name not in here.rules.wrong:
                click.echo(f"{wrong}\nThe {name} are as they were before.", err=True)
        parts = {part.name: getattr(here, part.name) for part in fields(Office)}
        yield Casework(**parts, terms=found, who=who)


@contextmanager
def works(here: Casework, kind: type[Working] = Working) -> Iterator[Working]:
    """What carries enforcement out here; its service is asked at the address of the settings."""
    working = kind(Alerting(here.settings, registry()))
    try:
        yield working
    finally:
        if "service" in vars(working) and working.service is not None:  # it was asked for
            working.service.close()
        working.engine.dispose()


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Say on a terminal that something goes on, of which nobody knows how much there is."""
    with progress() as bar:
        bar.add_task(what, total=None)
        yield


def reason_option(command: Command) -> Command:
    """Give a command `--reason`, which must be given."""
    return click.option("--reason", required=True, help="Why, in one line, for the audit.")(command)


def yes_option(command: Command) -> Command:
    """Give a command `--yes`, as its argument of that name."""
    return click.option("--yes", is_flag=True, help="Do not ask whether to go on.")(command)


def limit_option(command: Command) -> Command:
    """Give a command `--limit` for its rows."""
    return click.option(
        "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Rows at most."
    )(command)


def confirmed(question: str, *, yes: bool) -> None:
    """Ask on stderr whether to go on, unless it was said before; a no ends the command."""
    if not yes:
        click.confirm(question, abort=True, err=True)


def span_text(span: timedelta) -> str:
    """A length of time for people: 35m, 2h 05m or 3d 4h; one that is past begins with a minus."""
    sign, left = ("-", -span) if span < timedelta(0) else ("", span)
    if left >= DAY:
        return f"{sign}{left // DAY}d {left % DAY // HOUR}h"
    if left >= HOUR:
        return f"{sign}{left // HOUR}h {left % HOUR // MINUTE:02d}m"
    return f"{sign}{left // MINUTE}m"
