"""One installation of the simulated week: a ledger, its casework, and a product to act in."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

from sqlalchemy import select

import orchestration
from benchmarks.operations.people import people_yaml
from benchmarks.operations.product import Clock, Product
from benchmarks.operations.truth import Known, Truth
from monitors.registry import Registry
from orchestration.alerting import Alerting
from orchestration.appeals.review import expire_leases as expire_appeals
from orchestration.appeals.waiting import settle_waiting
from orchestration.cases.ageing import age
from orchestration.cases.opening import open_cases
from orchestration.cases.overdue import escalate_overdue
from orchestration.cases.queue import expire_leases
from orchestration.executors.http import HttpExecutor
from orchestration.intake.modes import declared
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import connect, reading, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.states import ModeState
from orchestration.ledger.tables import enforcements
from orchestration.oncall.people import Person
from orchestration.settings import load
from orchestration.working import Working

SETTINGS = Path(orchestration.__file__).parent / "enforcement.yaml"
DEADLINE, SOON = timedelta(minutes=10), timedelta(minutes=1)


class OnClock(Working):
    """Casework whose service lives in simulated time."""

    def __init__(self, alerting: Alerting, product: Product) -> None:
        super().__init__(alerting)
        self.product = product

    @cached_property
    def service(self) -> HttpExecutor | None:
        """The product's service."""
        return self.product.executor()


@dataclass
class Office:
    """An installation, its clock, and what is to happen in it, by time.

    `seen` counts what no table keeps: what people were refused, and rows held by a kill switch.
    """

    working: OnClock
    clock: Clock
    product: Product
    known: Known
    live: bool
    seen: Counter[str] = field(default_factory=Counter)
    queue: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    idle: list[Callable[[], None]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.engine = self.working.engine
        self.terms = self.working.terms(self.clock())

    def person(self, name: str) -> Person:
        """Somebody of people.yaml."""
        return self.terms.roster.person(name)

    def at(self, when: datetime, does: Callable[[], None]) -> None:
        """Have something happen at a time."""
        heappush(self.queue, (when, next(self._numbers), does))

    def until(self, end: datetime) -> None:
        """Let everything happen that is due by then."""
        while self.queue and self.queue[0][0] <= end:
            when, _, does = heappop(self.queue)
            self.clock.now = max(self.clock.now, when)
            does()
        self.clock.now = max(self.clock.now, end)

    def take_in(self, since: datetime) -> None:
        """Take in what was evaluated since, a time of the machine; who has no work looks again."""
        self.working.alerting.take_in(self.clock(), since=since)
        self.known.refresh()
        self.opens()
        for works in self.idle:
            self.at(self.clock() + SOON, works)
        self.idle.clear()

    def opens(self) -> None:
        """What the sensor of cases does, and the job that hands up what is late."""
        now = self.clock()
        watched = self.working.watched(now)
        open_cases(self.engine, self.terms, watched=watched, now=now)
        self.seen["leases of cases that ran out"] += expire_leases(self.engine, now)
        self.seen["cases handed up as nobody began in time"] += len(
            escalate_overdue(self.engine, now=now)
        )

    def scores(self) -> None:
        """Score what waits anew."""
        age(self.engine, self.terms, now=self.clock())

    def enforces(self, *, whole: bool = False) -> None:
        """What sensors start where there is something to do; `whole`: what is done every hour."""
        now = self.clock()
        found = self.working.backlog(self.terms, now)
        if whole or found.decided or found.settled:
            self.working.plan(self.terms, now, fit=lambda _name, _version: None)
            found = self.working.backlog(self.terms, now)
        if found.due or found.unknown or found.undo:
            self._executes()
        self.seen["ticks with rows held"] += bool(found.held and self.live)
        if self.live:
            self._tells(now)

    def _executes(self) -> None:
        self._stock()
        asked, ran = self.working.execute(self.terms, self.clock, deadline=DEADLINE)
        self.seen["rows nobody knew of, found or given back"] += asked.applied + asked.given_back
        self.seen["rows whose answer was unclear"] += ran.unknown
        self.seen["batches that a cap stopped when they were due"] += len(ran.breached)
        self.working.undo(self.terms, self.clock, deadline=DEADLINE)

    def _tells(self, now: datetime) -> None:
        settle_waiting(self.engine, now)
        expire_appeals(self.engine, now)
        sent = self.working.tell(self.terms, self.clock, deadline=DEADLINE)
        self.seen["notices sent"] += sent.sent
        self.seen["notices given up"] += sent.failed

    def changes_mode(
        self, name: str, to: ModeState, reason: str, lasts: timedelta | None = None
    ) -> None:
        """Change what a monitor may do, for so long if it is to be disabled."""
        monitor = self.working.alerting.registry.get(name)
        now = self.clock()
        with writing(self.engine) as connection:
            change_mode(
                connection,
                approval_id=digest_parts("approval", name, to.value),
                monitor=name,
                version=monitor.version,
                declared=declared(monitor),
                to=to,
                act=Act(Actor("crane-6", "person"), now, reason),
                expires_at=now + lasts if lasts else None,
            )

    def _stock(self) -> None:
        """The product has those that are to be acted on, as it has everybody."""
        with reading(self.engine) as connection:
            targets = connection.scalars(select(enforcements.c.target).distinct()).all()
        found = self.working.names.entities_of(targets)
        self.product.knows(sorted(found.values()), self.terms.enforcement)


def office(
    home: Path, *, lake: str, registry: Registry, truth: Truth, product: Product, live: bool
) -> Office:
    """A new installation; the caps are those of a world that is far denser than a product."""
    home.mkdir(parents=True, exist_ok=True)
    rules = SETTINGS.read_text(encoding="utf-8").replace(
        "per_day_share: 0.01", "per_day_share: 0.25"
    )
    rules = rules.replace("mode: dry_run", "mode: live") if live else rules
    (home / "enforcement.yaml").write_text(rules, encoding="utf-8")
    (home / "people.yaml").write_text(people_yaml(), encoding="utf-8")
    settings = replace(
        load({"WATCHFLOOR_HOME": str(home)}),
        lake=lake,
        enforcement=home / "enforcement.yaml",
        people=home / "people.yaml",
    )
    engine = connect(settings.ledger)
    now = product.clock()
    make_ledger(engine, ledger_id="week", act=Act(Actor("week", "system"), now, "a simulated week"))
    engine.dispose()
    working = OnClock(Alerting(settings, registry), product)
    known = Known(truth, working.names)
    return Office(working, product.clock, product, known, live)
