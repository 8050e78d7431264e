"""A house that acts, and may crash: ledger, names and service stay, all else is made anew."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import Engine, func, or_, select

from orchestration.appeals.errors import AppealError
from orchestration.appeals.notices import send
from orchestration.appeals.review import expire_leases
from orchestration.appeals.waiting import settle_waiting
from orchestration.cases.terms import Terms
from orchestration.enforcement.approve import expire
from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.lapse import lapse
from orchestration.enforcement.retractions import retract
from orchestration.executors.dry_run import Refusing
from orchestration.executors.protocol import Executor
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.database import connect, reading
from orchestration.ledger.enforcement_states import AppealState, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import appeals, decisions, enforcements, notices
from orchestration.policies.rules import Acting
from orchestration.pseudonyms import Pseudonyms
from orchestration.reference_service.faults import Faults as ServiceFaults
from tests.orchestration.reference_service.services import Client, Clock
from tests.support.crashes import Crash, watch_commits
from tests.support.enforcement import LIVE, Room, eager, prompt
from tests.support.enforcement_crashes import Crossing, Faults
from tests.support.executing import Floor

T = TypeVar("T")
S, A = EnforcementState, AppealState
GOES_ON = (S.PLANNED, S.AWAITING, S.APPROVED, S.EXECUTING, S.UNKNOWN, S.REVERSING)
OPEN = (A.RECEIVED, A.QUEUED, A.IN_REVIEW, A.UPHELD, A.OVERTURNED, A.PARTIAL)
REFUSALS = (EnforcementError, AppealError)
AFTER_CRASH = (1, 45, 400, 700, 1500)  # seconds until it runs again; leases last 600 and 1800


def terms_of(*, delayed: bool, auto: bool, **caps: int) -> Terms:
    """Live terms: with the shipped delay or none, monitors that may act, and caps."""
    terms = LIVE if delayed else prompt(LIVE)
    terms = eager(terms) if auto else terms
    rules = terms.enforcement
    return replace(terms, enforcement=replace(rules, caps=replace(rules.caps, **caps)))


@dataclass
class House:
    """One that runs in this process."""

    home: Path
    ledger: str
    client: Client
    clock: Clock
    service: ServiceFaults
    faults: Faults
    rng: Random
    terms: Terms
    workers: int = 1
    chunk: int = 50
    auto: bool = False
    refused: list[str] = field(default_factory=list)
    executor: Crossing | None = None
    signs: Callable[[], datetime] | None = None  # the service's clock, where that is another

    def __post_init__(self) -> None:
        self.live = self.terms
        rules = replace(self.terms.enforcement, mode=Acting.DRY_RUN)
        self.dry = replace(self.terms, enforcement=rules)
        self.aside = connect(self.ledger)  # whoever looks and writes besides, and never crashes
        self.start()

    def start(self) -> None:
        """Make everything anew from what is kept."""
        self.faults.gone = False
        self.engine = connect(self.ledger)
        watch_commits(self.engine, self.faults)
        self.executor = Crossing(self.client.url, self.faults, clock=self.signs or self.clock)
        self.floor = Floor(self.engine, self.client, self.clock, Pseudonyms(self.home), self.terms)
        self.room = self.room_on(self.engine)

    def stop(self) -> None:
        """Close everything that is open."""
        if self.executor:
            self.executor.close()
        self.engine.dispose()

    def room_on(self, engine: Engine) -> Room:
        """The planner's view, by the time it is."""
        return Room(engine, self.home, self.terms, self.clock())

    def surely(self, step: Callable[[], T]) -> T:
        """Do it until no crash interrupts it; what comes after a crash is begun anew."""
        while True:
            self.clock.forward(seconds=1)
            self.room.now, self.room.terms, self.floor.terms = self.clock(), self.terms, self.terms
            self.floor.executors["http"] = self._executor()
            try:
                with self.faults.arming():
                    return step()
            except Crash:
                self.stop()
                self.clock.forward(seconds=self.rng.choice(AFTER_CRASH))
                self.start()

    def ask(self, step: Callable[[], T]) -> T | None:
        """Somebody's act, done once more if it broke; a no is told to them."""
        try:
            return self.surely(step)
        except REFUSALS as error:
            self.refused.append(str(error))
            return None

    def tick(self) -> None:
        """What sensors start, in its order."""
        self.surely(self._plan)
        self.surely(self._execute)
        self.surely(lambda: self.floor.undo(chunk=self.chunk))
        self.surely(self._tell)

    def settle(self, people: Callable[[], None]) -> None:
        """Let everything that waits be done, without a fault, and people do what is asked."""
        self.faults.planned, self.faults.meanwhile = [], []
        self.service.rules = []
        self.clock.forward(minutes=31)  # no lease is held
        for _ in range(90):
            self.tick()
            people()
            if not self.waits():
                return
            self.clock.forward(minutes=21)
        raise AssertionError(f"It is never quiet: {self.waits()} {self.floor.states()}")

    def rows(self) -> list[Enforcement]:
        """Every enforcement."""
        with reading(self.aside) as connection:
            return list(where(connection, ENFORCEMENTS).values())

    def appeals(self) -> list[Appeal]:
        """Every appeal."""
        with reading(self.aside) as connection:
            return list(where(connection, APPEALS).values())

    def waits(self) -> dict[str, int]:
        """How much of what is not done yet."""
        e = enforcements.c
        asked = (e.state == S.APPLIED) & e.reversal_id.is_not(None)
        kept = or_(e.flag == "changed_since", e.flag.startswith("restore:"))
        queries = {
            "decisions": select(func.count()).where(decisions.c.acted.is_(False)),
            "rows": select(func.count()).where(e.state.in_(GOES_ON)),
            "reversals": select(func.count()).where(asked, or_(e.flag.is_(None), ~kept)),
            "notices": select(func.count()).where(notices.c.state == "queued"),
            "appeals": select(func.count()).where(appeals.c.state.in_(OPEN)),
        }
        with reading(self.aside) as connection:
            found = {name: connection.scalars(query).one() for name, query in queries.items()}
        return {name: n for name, n in found.items() if n}

    def _executor(self) -> Executor:
        """What carries out: a wall while the product is in dry-run, as `Working` has it."""
        assert self.executor is not None
        live = self.terms.enforcement.mode is Acting.LIVE
        return self.executor if live else Refusing(self.executor)

    def _plan(self) -> None:
        now = self.clock()
        retract(self.engine, now=now)
        expire(self.engine, now=now)
        lapse(self.engine, now)
        self.room.unblock()
        self.room.plan()
        if self.auto:
            self.room.plan_auto()

    def _execute(self) -> None:
        self.floor.reconcile()
        self.floor.run(workers=self.workers)

    def _tell(self) -> None:
        now = self.clock()
        settle_waiting(self.engine, now)
        expire_leases(self.engine, now)
        if self.terms.enforcement.mode is not Acting.LIVE:
            return
        send(
            self.engine,
            executor=self.floor.executors["http"],
            entities_of=self.floor.names.entities_of,
            terms=self.terms,
            clock=self.clock,
            worker="t",
            deadline=timedelta(days=1),
            chunk=self.chunk,
        )
