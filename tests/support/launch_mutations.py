"""Ways to break a live product, each undone again: what is broken, and what follows from it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from sqlalchemy import delete, update

from launch_checklists.item import Outcome
from orchestration.ledger.database import writing
from orchestration.ledger.tables import approvals, backtests, golden, labels, red_findings, trials
from tests.support.launched import BOOK, DAY, HOUR, MONITOR, Live, edited, moved

F, U, E = Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR
M = f"monitors.{MONITOR}"
OF_MONITOR = frozenset(
    f"{M}.{kind}"
    for kind in ("scheduled", "fresh", "canary", "checks", "mode", "trial", "backtest", "precision")
)
RUNS = frozenset(f"{M}.{kind}" for kind in ("fresh", "canary", "checks"))
Break = Callable[[Live], AbstractContextManager[None]]


@dataclass(frozen=True)
class Mutation:
    """What is broken: the root and its outcome, and the items under it."""

    breaks: Break
    root: str
    outcome: Outcome = F
    under: frozenset[str] = frozenset()


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


def rows(table: object, **values: object) -> Break:
    """Rows of the ledger are otherwise, or not there."""

    @contextmanager
    def breaks(live: Live) -> Iterator[None]:
        path = live.settings.home / "ledger.db"
        with live.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = path.read_bytes()
        with writing(live.engine) as connection:
            change = update(table).values(**values) if values else delete(table)  # type: ignore[arg-type]
            connection.execute(change)
        yield
        live.engine.dispose()
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        path.write_bytes(kept)

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


ONCALL = "platform-integrity"
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
    "the owner's team is gone": Mutation(
        file("people", "web-integrity", "web-others"), "identity.owner"
    ),
    "nobody rolls back": Mutation(
        file("people", "ibex-4\n    slack: U0IBEX4\n    roles: [oncall, engineer]",
             "ibex-4\n    slack: U0IBEX4\n    roles: [viewer]"),
        "signoffs.tns_eng",
    ),
    "who ruled harms out may no more": Mutation(
        file("people", "egret-3\n    slack: U0EGRET3\n    roles: [approver]",
             "egret-3\n    slack: U0EGRET3\n    roles: [viewer]"),
        "harms.child_safety",
    ),
    "a red team finds something grave": Mutation(found, "red_team.open"),
    "a settled unit is retired": Mutation(
        lambda live: rows(golden, until_version=2, retired_why="leaked", retired_at=live.now)(live),
        "quality.golden",
        under=frozenset({"quality.raters"}),
    ),
    "the kill switch's drill failed": Mutation(
        rows(trials, passed=False), "enforcement.kill_switch"
    ),
    "a cap is wider than declared": Mutation(
        file("enforcement", "per_day:", "per_day: 20000 #"), "enforcement.scraping.caps"
    ),
    "the run is three hours old": Mutation(later(3 * HOUR), f"{M}.fresh"),
    "the drills are a month old": Mutation(later(31 * DAY), "enforcement.kill_switch", U),
    "the ledger is away": Mutation(gone("ledger.db"), "enforcement.kill_switch", E),
    "the lake is away": Mutation(gone("lake", "events"), "data.api_requests.events"),
}
