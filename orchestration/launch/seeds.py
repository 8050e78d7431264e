"""Named sets of known cases: how many of them a monitor's version finds.

A set is a folder with one `<contract>.parquet` per contract and `truth.csv`, whose columns are
`entity_type` and `entity`: whom a monitor of that type of entity is to find.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Engine, insert, select

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Table, contracts
from monitors.trial import trial
from orchestration.duck import score
from orchestration.evaluation import parts
from orchestration.launch.errors import LaunchError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import seeded_runs
from orchestration.oncall.people import Person, require
from orchestration.partitions import day_of

TRUTH = "truth.csv"
WHOM = {"entity_type": pl.String, "entity": pl.String}
SHOWN = 24  # hex digits of a digest in an id
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seeds:
    """One set: events by contract, who is to be found, and a digest of its files."""

    name: str
    events: Mapping[str, pl.DataFrame]
    truth: pl.DataFrame
    digest: str

    @property
    def span(self) -> Span:
        """The whole days that its events lie in, in UTC."""
        times = pl.concat([rows["occurred_at"] for rows in self.events.values()])
        first, last = times.min(), times.max()
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            raise LaunchError(f"The set '{self.name}' has no events; make it anew.")
        return Span(day_of(first), day_of(last) + DAY)


@dataclass(frozen=True, slots=True)
class SeededRun:
    """What a version found of a set: `found` of `of` known entities of the monitor's type."""

    run_id: str
    seeds: str
    monitor: str
    version: int
    found: int
    of: int


def run_seeds(
    engine: Engine, who: Person, seeds: Seeds, monitor: Monitor, *, now: datetime
) -> SeededRun:
    """Run a monitor on a set and record what it found; no lake is asked. Again is another run.

    Raises PeopleError, and LaunchError for a set that the monitor cannot find anything in: then
    nothing is recorded.
    """
    require(who, "promote")
    found, of = recall(seeds, monitor)
    row = {
        "seeds": seeds.name,
        "digest": seeds.digest,
        "monitor": monitor.id,
        "version": monitor.version,
        "found": found,
        "of": of,
        "by": who.id,
        "at": now,
    }
    name = f"seeded_{digest_parts(digest_record(row))[:SHOWN]}"
    act = Act(Actor(who.id, "person"), now, f"{found} of {of} known cases of {seeds.name}")
    same = select(seeded_runs.c.audit_seq).where(seeded_runs.c.run_id == name)
    with writing(engine) as connection:
        if connection.execute(same).first() is None:
            object_id = f"seeded_run:{monitor.id}/v{monitor.version}:{name}"
            after = digest_record(row)
            seq = append(connection, act=act, verb="seed", object_id=object_id, after=after)
            connection.execute(insert(seeded_runs), {**row, "run_id": name, "audit_seq": seq})
    return SeededRun(name, seeds.name, monitor.id, monitor.version, found, of)


def recall(seeds: Seeds, monitor: Monitor) -> tuple[int, int]:
    """How many known entities of the monitor's type it finds, and of how many.

    Raises LaunchError where the set knows none, or has nothing of what the monitor reads.
    """
    known = set(seeds.truth.filter(entity_type=monitor.entity)["entity"])
    read = {Table.parse(name).contract for name in monitor.reads} - {""}
    if not known or read.isdisjoint(seeds.events):
        raise LaunchError(
            f"The set '{seeds.name}' has {len(known)} known entities of the type {monitor.entity} "
            f"and events of {', '.join(sorted(seeds.events))}; wanted some, and what "
            f"'{monitor.id}' reads: {', '.join(sorted(read))}. Choose another set or monitor."
        )
    found: set[str] = set()
    for part in parts(monitor, seeds.span):
        found |= set(trial(monitor, seeds.events, part, runner=score).findings["entity"])
    return len(known & found), len(known)


def named(folder: Path) -> list[str]:
    """The sets that a folder has."""
    return sorted(path.parent.name for path in folder.glob(f"*/{TRUTH}"))


def load_seeds(folder: Path, name: str) -> Seeds:
    """A set by its name. Raises LaunchError for one that is not there, or is damaged."""
    if name not in named(folder):
        there = ", ".join(named(folder)) or "none"
        raise LaunchError(f"There is no set '{name}'; there are {there}. Use one, or make it.")
    home = folder / name
    paths = [home / TRUTH, *sorted(home.glob("*.parquet"))]
    try:
        truth = pl.read_csv(home / TRUTH, schema=WHOM).unique().drop_nulls()
        events = {path.stem: _rows(path) for path in paths[1:]}
    except (pl.exceptions.PolarsError, KeyError) as error:
        raise LaunchError(
            f"The set '{name}' cannot be read ({type(error).__name__}); wanted {TRUTH} with the "
            "columns entity_type and entity, and one file for each contract, with its columns. "
            "Make it anew."
        ) from error
    if not events:
        raise LaunchError(f"The set '{name}' has no events; wanted <contract>.parquet beside them.")
    digest = digest_parts(*(part for path in paths for part in (path.name, _digest(path))))
    return Seeds(name, events, truth, digest)


def _rows(path: Path) -> pl.DataFrame:
    """Events of a contract, in its types; columns that it has since lost are left out."""
    schema = contracts()[path.stem].schema
    rows = pl.read_parquet(path)
    return rows.select(pl.col(one).cast(schema[one]) for one in rows.columns if one in schema)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
