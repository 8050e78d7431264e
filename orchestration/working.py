"""The casework of one installation: terms, targets and the product's service, opened when needed.

What `orchestration.alerting` is to telling people, this is to cases and to acting.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from monitors.contract import Mode, Monitor
from orchestration.alerting import Alerting
from orchestration.alerts.records import Watched
from orchestration.appeals.notices import Sent, send
from orchestration.cases.terms import Terms, terms
from orchestration.enforcement.active import ActiveEntities
from orchestration.enforcement.approve import expire
from orchestration.enforcement.auto import plan_auto
from orchestration.enforcement.backlog import Backlog, backlog
from orchestration.enforcement.execute import Ran, run
from orchestration.enforcement.lapse import lapse
from orchestration.enforcement.plan import plan, unblock
from orchestration.enforcement.reconcile import Reconciled, reconcile
from orchestration.enforcement.retractions import retract
from orchestration.enforcement.targets import Targets
from orchestration.enforcement.undo import Undone, carry_out
from orchestration.executors.dry_run import Refusing
from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Executor
from orchestration.intake.modes import Fit
from orchestration.ledger.database import reading
from orchestration.policies.rules import Acting
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings

LIMIT = 5000  # rows that one run sends
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Planned:
    """What was planned: ids of new batches; rows that expired, lapsed or were stopped."""

    batches: tuple[str, ...]
    expired: int
    lapsed: int
    retracted: int


class Working:
    """What the sensors, the assets and the commands share; on the ledger of `alerting`.

    Raises YamlError for settings that were never sound, and LedgerError where there is no ledger.
    """

    def __init__(self, alerting: Alerting) -> None:
        self.alerting = alerting
        self._last: tuple[object, Terms] | None = None

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.alerting.settings

    @property
    def engine(self) -> Engine:
        """The ledger."""
        return self.alerting.engine

    @cached_property
    def names(self) -> Pseudonyms:
        """How entities are named, and who is behind the names of those that are acted on."""
        return Pseudonyms(self.settings.home)

    @cached_property
    def targets(self) -> Targets:
        """Finds real ids in the lake."""
        return Targets(self.alerting.lake, self.names, self.alerting.registry.monitors)

    @cached_property
    def service(self) -> HttpExecutor | None:
        """The product's service; None where no address is set. Raises ConfigurationError.

        It is asked in real time whatever the time of a run is, as its signatures must be fresh.
        """
        found = self.settings.service
        if not found.url:
            return None
        return HttpExecutor(found.url, found.secret.encode(), clock=lambda: datetime.now(UTC))

    @property
    def worker(self) -> str:
        """Who leases rows: this process."""
        return f"{socket.gethostname()}.{os.getpid()}"

    def terms(self, now: datetime) -> Terms:
        """Queues, policies, rules of enforcement and people in force.

        The files are read again only where one has changed: to parse them takes longer than most
        looks that need them.
        """
        found = self.settings
        files = (found.queues, found.policies, found.enforcement)
        seen = [_stamp(path) for path in (*files, found.routes, found.rota, found.people)]
        if self._last is None or self._last[0] != seen:
            self._last = (seen, terms(self.engine, found, now=now))
        return self._last[1]

    def watched(self, now: datetime) -> dict[str, Watched]:
        """Every monitor with its effective mode."""
        return self.alerting.watched(now)

    def backlog(self, in_force: Terms, now: datetime) -> Backlog:
        """What enforcement has to do."""
        known = self.alerting.registry.monitors
        auto = {
            name
            for name, one in self.watched(now).items()
            if one.mode is Mode.AUTO and name in known and _acts(known[name], in_force)
        }
        with reading(self.engine) as connection:
            return backlog(connection, terms=in_force, auto=auto, now=now)

    def executor(self, in_force: Terms) -> Executor | None:
        """What carries out: a wall where no product is live; None where there is no service."""
        if self.service is None or is_live(in_force):
            return self.service
        return Refusing(self.service)

    @contextmanager
    def asking(self, in_force: Terms) -> Iterator[Executor | None]:
        """The same, whose idle connections are closed when the context is left."""
        try:
            yield self.executor(in_force)
        finally:
            if self.service is not None:
                self.service.close()

    def plan(self, in_force: Terms, now: datetime, *, fit: Fit) -> Planned:
        """End what may not go on, then plan what was decided and what monitors in auto found.

        What measurement does not allow in auto is demoted before, so that nothing of it is planned.
        """
        self.alerting.follow(now, fit=fit)
        active = ActiveEntities(self.alerting.lake, now)
        stopped, _ = retract(self.engine, now=now)
        over, lapsed = expire(self.engine, now=now), lapse(self.engine, now)
        again = unblock(self.engine, terms=in_force, active=active, now=now)
        decided = plan(self.engine, terms=in_force, targets=self.targets, active=active, now=now)
        alone = plan_auto(
            self.engine,
            terms=in_force,
            watched=self.watched(now),
            targets=self.targets,
            active=active,
            fit=fit,
            now=now,
        )
        return Planned((*again, *decided, *alone), over, lapsed, stopped)

    def execute(
        self, in_force: Terms, clock: Clock, *, deadline: timedelta
    ) -> tuple[Reconciled, Ran]:
        """Ask what became of orders nobody knows of, then send what is due.

        Nothing where there is no service. Each part has the deadline for itself.
        """
        with self.asking(in_force) as executor:
            if executor is None:
                return Reconciled(), Ran(stopped="no_service" if is_live(in_force) else None)
            asked = reconcile(
                self.engine, executor=executor, terms=in_force, clock=clock, deadline=deadline
            )
            done = run(
                self.engine,
                executor=executor,
                entities_of=self.names.entities_of,
                terms=in_force,
                active=ActiveEntities(self.alerting.lake, clock()),
                clock=clock,
                worker=self.worker,
                deadline=deadline,
                limit=LIMIT,
            )
        return asked, done

    def undo(self, in_force: Terms, clock: Clock, *, deadline: timedelta) -> Undone:
        """Carry reversals out, in every mode and under every kill switch."""
        with self.asking(in_force) as executor:
            if executor is None:
                return Undone(left=self.backlog(in_force, clock()).undo, stopped="no_service")
            return carry_out(
                self.engine,
                executor=executor,
                entities_of=self.names.entities_of,
                terms=in_force,
                clock=clock,
                worker=self.worker,
                deadline=deadline,
            )

    def tell(self, in_force: Terms, clock: Clock, *, deadline: timedelta) -> Sent:
        """Tell users what is queued for them.

        In every mode: a notice is only ever of what was really done, or of an appeal against it.
        """
        if self.service is None:
            return Sent(stopped="no_service")
        with closing(self.service):
            return send(
                self.engine,
                executor=self.service,
                entities_of=self.names.entities_of,
                terms=in_force,
                clock=clock,
                worker=self.worker,
                deadline=deadline,
            )


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes with a file; None where it cannot be looked at."""
    try:
        found = path.stat()
    except OSError:  # whoever reads it says what is wrong
        return None
    return found.st_mtime_ns, found.st_size


def _acts(monitor: Monitor, in_force: Terms) -> bool:
    """Whether the planner plans anything for a monitor in auto."""
    known = monitor.action in in_force.enforcement.actions
    return known and in_force.policies.of_harm(monitor.harm) is not None


def is_live(in_force: Terms) -> bool:
    """Whether any product's plans are carried out."""
    rules = in_force.enforcement
    return Acting.LIVE in {rules.mode, *rules.products.values()}
