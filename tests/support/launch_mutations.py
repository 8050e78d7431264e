"""Ways to break a live product, each undone again: what is broken, and what follows from it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from sqlalchemy import ColumnElement, Table, delete, insert, select, update

from launch_checklists.item import Outcome
from launch_checklists.sections.assurance import EVERY
from monitors.harms import Harm
from orchestration.ledger.database import writing
from orchestration.ledger.tables import approvals, backtests, golden, labels, red_findings, trials
from tests.support.launched import BOOK, DAY, HOUR, MONITOR, Live, edited, moved

F, U = Outcome.FAIL, Outcome.UNKNOWN
M = f"monitors.{MONITOR}"
OF_MONITOR = frozenset(
    f"{M}.{kind}"
    for kind in ("scheduled", "fresh", "canary", "checks", "mode", "trial", "backtest", "precision")
)
RUNS = frozenset(f"{M}.{kind}" for kind in ("fresh", "canary", "checks"))
Break = Callable[[Live], AbstractContextManager[None]]


@dataclass(frozen=True)
class Mutation:
    """What is broken: the root and its outcome, the items under it, and what falls with it."""

    breaks: Break
    root: str
    outcome: Outcome = F
    under: frozenset[str] = frozenset()
    too: frozenset[str] = frozenset()


def file(name: str, old: str, new: str) -> Break:
    """A settings file has other words in it."""
    return lambda live: edited(live.settings.home / f"{name}.yaml", old, new)


def book(old: str, new: str) -> Break:
    """The runbook has other words in it."""
    return lambda live: edited(live.root / BOOK, old, new)


def source(old: str, new: str) -> Break:
    """The monitor's file has other words in it."""
    return lambda live: edited(live.place.root / "monitors" / "web" / "a.py", old, new)


def gone(*parts: str) -> Break:
    """A file or folder of the installation is not there."""
    return lambda live: moved(live.place.root.joinpath(*parts))


def later(length: timedelta) -> Break:
    """Time goes on, and nothing else happens."""

    @contextmanager
    def breaks(live: Live) -> Iterator[None]:
        live.now += length
        yield
        live.now -= length

    return breaks


@contextmanager
def stopped(live: Live) -> Iterator[None]:
    """The schedule is stopped."""
    live.schedule("every_hour", runs=False)
    yield
    live.schedule("every_hour", runs=True)


def fails(name: str) -> Break:
    """A check of the monitor fails."""

    @contextmanager
    def breaks(live: Live) -> Iterator[None]:
        live.check(name, passed=False)
        yield
        live.check(name, passed=True)

    return breaks


def rows(table: Table, *which: ColumnElement[bool], **values: object) -> Break:
    """Rows of the ledger are otherwise, or not there; all of them, or those that are meant."""

    @contextmanager
    def breaks(live: Live) -> Iterator[None]:
        with writing(live.engine) as connection:
            kept = [dict(row) for row in connection.execute(select(table).where(*which)).mappings()]
            change = update(table).values(**values) if values else delete(table)
            connection.execute(change.where(*which))
        yield
        with writing(live.engine) as connection:
            connection.execute(delete(table).where(*which))
            connection.execute(insert(table), kept)

    return breaks


def tried(kind: str, about: str, *, passed: bool | None) -> Break:
    """The newest trial of a kind went otherwise."""

    @contextmanager
    def breaks(live: Live) -> Iterator[None]:
        live.trial(kind, about, live.now - 2 * HOUR, passed=passed)
        yield
        with writing(live.engine) as connection:
            connection.execute(delete(trials).where(trials.c.at == live.now - 2 * HOUR))

    return breaks


@contextmanager
def emptied(live: Live) -> Iterator[None]:
    """A column of the events is empty, as after it was renamed."""
    paths = list((live.place.root / "lake" / "events" / "api_requests").rglob("*.parquet"))
    kept = {path: path.read_bytes() for path in paths}
    for path in paths:
        pl.read_parquet(path).with_columns(operation=pl.lit(None, pl.String)).write_parquet(path)
    yield
    for path, data in kept.items():
        path.write_bytes(data)


@contextmanager
def delayed(live: Live) -> Iterator[None]:
    """Events come an hour late."""
    paths = list((live.place.root / "lake" / "events" / "api_requests").rglob("*.parquet"))
    kept = {path: path.read_bytes() for path in paths}
    for path in paths:
        late = pl.col("occurred_at") + timedelta(hours=1)
        pl.read_parquet(path).with_columns(received_at=late).write_parquet(path)
    yield
    for path, data in kept.items():
        path.write_bytes(data)


@contextmanager
def found(live: Live) -> Iterator[None]:
    """A red team finds something grave."""
    row = {
        "finding_id": "r1",
        "product": "web",
        "severity": 0,
        "evidence": "https://wiki.example/3",
        "opened_by": "ibex-4",
        "opened_at": live.now,
    }
    live.put(red_findings, row)
    yield
    with writing(live.engine) as connection:
        connection.execute(delete(red_findings))


RULED_OUT = frozenset(f"harms.{one.value}" for one in Harm if one is not Harm.SCRAPING)
ATTESTED = frozenset(f"attestations.{name}" for name, _, _ in EVERY)
MUTATIONS: dict[str, Mutation] = {
    "the monitor is deleted": Mutation(
        gone("monitors", "web", "a.py"), f"{M}.exists", under=OF_MONITOR
    ),
    "the monitor does not load": Mutation(
        source("threshold=3", "threshold="), f"{M}.exists", under=OF_MONITOR
    ),
    "the monitor watches for another harm": Mutation(
        source("Harm.SCRAPING", "Harm.SPAM"), f"{M}.exists", under=OF_MONITOR
    ),
    "the schedule is stopped": Mutation(stopped, f"{M}.scheduled", under=RUNS),
    "the canary fails": Mutation(fails("canary"), f"{M}.canary"),
    "the hit rate is out of line": Mutation(fails("hit_rate"), f"{M}.checks"),
    "the backtest is of another version": Mutation(rows(backtests, version=2), f"{M}.backtest"),
    "the backtest is gone": Mutation(rows(backtests), f"{M}.backtest", U),
    "the backtest is old": Mutation(
        lambda live: rows(backtests, at=live.now - 40 * DAY)(live), f"{M}.backtest", U
    ),
    "the approval is gone": Mutation(rows(approvals), f"{M}.mode"),
    "half of what was judged was benign": Mutation(rows(labels, value=False), f"{M}.precision"),
    "a column is empty": Mutation(emptied, "data.api_requests.columns"),
    "events are an hour late": Mutation(delayed, "data.api_requests.lag"),
    "the runbook is deleted": Mutation(gone("checkout", *BOOK.split("/")), "runbooks.scraping"),
    "the runbook has no first queries": Mutation(
        book("## First three queries", "## Queries"), "runbooks.scraping"
    ),
    "the runbook is old": Mutation(book("Checked: 2026", "Checked: 2025"), "runbooks.scraping"),
    "who ruled harms out may no more": Mutation(
        file(
            "people",
            "egret-3\n    slack: U0EGRET3\n    roles: [approver]",
            "egret-3\n    slack: U0EGRET3\n    roles: [viewer]",
        ),
        "harms.child_safety",
        too=RULED_OUT | ATTESTED,
    ),
    "a red team finds something grave": Mutation(found, "red_team.open"),
    "a settled unit is retired": Mutation(
        lambda live: rows(golden, until_version=2, retired_why="leaked", retired_at=live.now)(live),
        "quality.golden",
        under=frozenset({"quality.raters"}),
    ),
    "the kill switch's drill failed": Mutation(
        tried("kill_switch", "web", passed=False), "enforcement.kill_switch"
    ),
    "the kill switch was drilled long ago": Mutation(
        lambda live: rows(trials, trials.c.kind == "kill_switch", at=live.now - 31 * DAY)(live),
        "enforcement.kill_switch",
        U,
    ),
    "the appeal's drill gave nothing back": Mutation(
        tried("appeal", "web", passed=False),
        "appeals.path",
        U,
        too=frozenset({"appeals.drill"}),
    ),
    "a test message was not answered": Mutation(
        tried("route", "C0ALERTS", passed=None),
        "alerting.alerts",
        too=frozenset({"alerting.digest"}),
    ),
    "nobody tested the channel": Mutation(
        rows(trials, trials.c.kind == "route"),
        "alerting.alerts",
        U,
        too=frozenset({"alerting.digest"}),
    ),
    "nothing was judged": Mutation(rows(labels), f"{M}.precision", U),
    "the monitor has a new version": Mutation(
        source("version=1", "version=2"),
        f"{M}.fresh",
        U,
        frozenset({f"{M}.canary", f"{M}.checks"}),
        frozenset(f"{M}.{kind}" for kind in ("mode", "trial", "backtest", "precision")),
    ),
    "the settled units are old": Mutation(
        lambda live: rows(golden, added_at=live.now - 100 * DAY)(live),
        "quality.golden",
        U,
        frozenset({"quality.raters"}),
    ),
    "a cap is wider than declared": Mutation(
        file("enforcement", "per_day:", "per_day: 20000 #"), "enforcement.scraping.caps"
    ),
    "the run is hours old": Mutation(
        later(4 * HOUR), f"{M}.fresh", under=frozenset({f"{M}.canary", f"{M}.checks"})
    ),
    "the lake is away": Mutation(
        gone("lake", "events"),
        "data.api_requests.events",
        under=frozenset({"data.api_requests.columns", "data.api_requests.lag"}),
    ),
}
