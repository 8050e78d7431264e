"""What the commands about alerts share: the ledger, the rules in force and who is asking."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields

import click
import polars as pl
from sqlalchemy import Connection

from monitors.registry import registry
from orchestration.acts.doing import Done, Terms
from orchestration.acts.lives import full_id
from orchestration.alerts.records import Alert, Watched
from orchestration.cli.errors import NoDataError
from orchestration.cli.findings import stored
from orchestration.cli.login import Office, office, signed_in
from orchestration.cli.output import emit, emit_record
from orchestration.intake.modes import watched
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.oncall.people import Person
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk(Office):
    """An office with the routes in force and every monitor's effective mode."""

    watched: Mapping[str, Watched]

    @property
    def terms(self) -> Terms:
        """What acts are done under."""
        return Terms(self.rules.config, self.watched, self.rules.told_at)

    def person(self) -> Person:
        """Who is asking, by their token."""
        return signed_in(self)

    def full_ids(self, given: Iterable[str]) -> list[str]:
        """Ids of alerts in full, of those abbreviated."""
        with reading(self.engine) as connection:
            return [full_id(connection, one) for one in given]


@contextmanager
def desk() -> Iterator[Desk]:
    """Open the ledger and read the rules in force; what is wrong with a file is said on stderr."""
    with office() as here:
        with reading(here.engine) as connection:
            modes = modes_now(connection, here)
        parts = {field.name: getattr(here, field.name) for field in fields(Office)}
        yield Desk(**parts, watched=modes)


def modes_now(connection: Connection, here: Office) -> dict[str, Watched]:
    """Every monitor with its effective mode."""
    return watched(connection, registry().monitors.values(), now=here.now)


def emit_done(form: str, *acts: Done) -> None:
    """Print what acts did: one as a record, several as rows."""
    records = [_record(done) for done in acts]
    if len(records) == 1:
        emit_record(records[0], form)
    else:
        emit(pl.DataFrame(records), form)
    if any(done.again for done in acts):
        click.echo("You had done this before; nothing was changed.", err=True)


def _record(done: Done) -> dict[str, object]:
    record: dict[str, object] = {
        "act": done.verb,
        "by": done.by,
        "alerts": done.n,
        "until": done.until,
    }
    if done.silence_id:
        record["silence_id"] = done.silence_id
    return {**record, "again": done.again}


def named(settings: Settings, kind: str, text: str) -> set[str]:
    """How the ledger may call an entity that is given by its id or its pseudonym."""
    return {text, *Pseudonyms(settings.home).known(kind, [text]).values()}


def real_entities(settings: Settings, alerts: Iterable[Alert]) -> dict[tuple[str, str], str]:
    """Entities by type and pseudonym, as far as the lake still has their findings."""
    lake, names = Lake(settings.lake), Pseudonyms(settings.home)
    found: dict[tuple[str, str], str] = {}
    oldest: dict[str, Alert] = {}
    for alert in sorted(alerts, key=lambda alert: alert.first_seen, reverse=True):
        oldest[alert.monitor] = alert
    for monitor, first in oldest.items():
        if monitor not in registry().monitors:
            continue
        try:
            rows = stored(lake, product=None, monitor_id=monitor, since=first.first_seen)
        except NoDataError:  # nothing was evaluated here: the ledger alone was copied
            break
        for (kind,), some in rows.select("entity_type", "entity").unique().group_by("entity_type"):
            named = names.known(str(kind), some["entity"])
            found |= {(str(kind), name): entity for entity, name in named.items()}
    return found
