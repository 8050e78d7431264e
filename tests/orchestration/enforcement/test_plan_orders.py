"""Whatever is done in whatever order, what may go on is what was allowed to."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitors.contract import Severity
from orchestration.enforcement.approve import expire
from orchestration.enforcement.caps import admit
from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.gates import ENDED
from orchestration.enforcement.protections import protect
from orchestration.enforcement.retractions import retract
from orchestration.ledger.database import connect, reading, writing
from orchestration.ledger.enforcement_states import PENDING, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import write
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.tables import alerts, batches, decisions, grants
from orchestration.ledger.verify import verify
from tests.support.enforcement import (
    ANA,
    AUTHOR,
    BEN,
    DAY,
    MONITOR,
    WROTE,
    Room,
    eager,
    prompt,
    somebody,
    terms_of,
)
from tests.support.ledgers import act

S = EnforcementState
ACCOUNTS = ("amy", "bob", "cat", "amy/2")
PEOPLE = (ANA, BEN, WROTE, somebody("rita"))
GOES_ON = frozenset({S.AWAITING, S.APPROVED, S.EXECUTING, S.APPLIED})
DOES = frozenset({S.APPROVED, S.EXECUTING, S.APPLIED})
CAPS = {"per_run": 2, "per_day": 3, "per_monitor": 3, "per_tenant": 2}
LIVE = prompt(eager(terms_of(**CAPS)))
REHEARSED = prompt(eager(terms_of("dry_run", **CAPS)))
Step = tuple[str, int, int]
Does = Callable[[int, int], object]
WHAT = (
    *("decide", "decide", "decide", "alert", "alert", "switch", "retract", "say", "say", "say"),
    *("protect", "carry out", "carry out", "reverse", "unblock", "wait", "bump", "rehearse"),
    *("resume", "resume", "auto", "plan"),
)
numbers = st.integers(0, 11)
steps = st.lists(st.tuples(st.sampled_from(WHAT), numbers, numbers), min_size=25, max_size=50)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger in which monitors are measured and nothing was decided."""
    home = tmp_path_factory.mktemp("made")
    engine = connect(f"sqlite:///{home / 'ledger.db'}")
    make_ledger(engine, ledger_id="ledger-1", act=act())
    Room(engine, home).measure(14)
    engine.dispose()
    return home / "ledger.db"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_=steps)
def test_no_order_lets_go_on_what_must_not(made: Path, given_: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copy(made, Path(folder, "ledger.db"))
        engine = connect(f"sqlite:///{Path(folder, 'ledger.db')}")
        try:
            life = Life(Room(engine, Path(folder), terms=LIVE))
            for step in given_:
                life.do(*step)
                life.check()
            with reading(engine) as connection:
                assert verify(connection, seals=[]).wrong == ""
        finally:
            engine.dispose()


class Life:
    """One room and everything that may be done in it, each act by two numbers."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.decided = 0
        self.on = False

    def do(self, what: str, one: int, two: int) -> None:
        """Do something; what is refused with a reason is no fault."""
        does: dict[str, Does] = {
            "decide": self.decide,
            "plan": lambda _, __: self.room.plan(),
            "auto": self.auto,
            "alert": self.alert,
            "switch": self.switch,
            "retract": self.retract,
            "say": self.say,
            "protect": self.protect,
            "carry out": self.carry_out,
            "reverse": self.reverse,
            "unblock": lambda _, __: self.room.unblock(),
            "wait": self.wait,
            "bump": self.bump,
            "rehearse": self.rehearse,
            "resume": self.resume,
        }
        try:
            does[what](one, two)
        except EnforcementError as error:
            assert len(str(error)) > 20  # noqa: PT017 - it is said why

    def decide(self, one: int, two: int) -> None:
        actions = ("suspend_24h", "suspend_account", "warn", "notify_owner", "terminate_account")
        self.decided += 1
        self.room.decide(
            f"d{self.decided}",
            *dict.fromkeys((ACCOUNTS[one % 4], ACCOUNTS[two % 4])),
            action=actions[(one + two) % 5],
            severity=Severity(one % 4),
            policy_id=("spam", "child_safety")[two % 2],
            decider=("rita", "ana")[one % 2],
            supersedes=f"d{self.decided - 1}" if two % 5 == 4 and self.decided > 1 else None,
        )
        if one % 4:
            self.room.plan()

    def alert(self, one: int, two: int) -> None:
        with reading(self.room.engine) as connection:
            known = set(connection.scalars(select(alerts.c.alert_id)))
        account, worst = ("amy", "bob")[one % 2], Severity(two % 4)
        version = self.room.monitors[MONITOR].version
        if (name := f"u-{account}-{worst:d}-{version}") not in known:
            self.room.alert(name, account, worst=worst, severity=worst, version=version)
        if one % 4:
            self.auto(one, two)

    def auto(self, one: int, _: int) -> None:
        self.room.unfit = "drift" if one == 11 else None
        self.room.plan_auto()
        version = self.room.monitors[MONITOR].version
        for row in self.room.rows().values():
            if row.decision_id is None and row.mode == "live" and row.state in PENDING:
                assert (row.version, version, self.room.unfit) == (1, 1, None)  # I11

    def switch(self, one: int, _: int) -> None:
        self.on = one > 8
        self.room.throw("product:chat", on=self.on)

    def retract(self, one: int, two: int) -> None:
        with reading(self.room.engine) as connection:
            ids = connection.scalars(
                select(alerts.c.alert_id).where(alerts.c.state == "firing", alerts.c.retracted == 0)
            ).all()
        if ids:
            self.room.retracted(sorted(ids)[one % len(ids)])
        if two % 2:
            retract(self.room.engine, now=self.room.now)

    def say(self, one: int, two: int) -> None:
        waiting = [n for n, row in self.room.rows().items() if row.state is S.AWAITING]
        if waiting:
            verdict = "refuse" if two == 11 else "approve"
            self.room.approve(PEOPLE[two % 4], waiting[one % len(waiting)], verdict=verdict)

    def protect(self, one: int, _: int) -> None:
        protect(
            self.room.engine,
            who=ANA,
            entity_type="account_id",
            entity=self.room.name(("amy", "bob")[one % 2]),
            tag="journalist",
            reason="told by the newsroom",
            rules=self.room.terms.enforcement,
            now=self.room.now,
        )

    def carry_out(self, one: int, _: int) -> None:
        """Admit the batch of an approved row, and apply what is approved of it."""
        room = self.room
        ready = [row for row in room.rows().values() if row.state is S.APPROVED]
        if not ready or self.on:
            return
        batch_id = ready[one % len(ready)].batch_id
        caps = room.terms.enforcement.caps
        with writing(room.engine) as connection:
            if admit(connection, batch_id, limits=caps, active=lambda _: 10, now=room.now):
                return
        for row in ready:
            if row.batch_id == batch_id:
                self.move(row, S.EXECUTING, executing_at=room.now)
                self.move(row, S.APPLIED, applied_at=room.now)

    def reverse(self, one: int, _: int) -> None:
        done = [row for row in self.room.rows().values() if row.state is S.APPLIED]
        if done:
            row = done[one % len(done)]
            self.move(row, S.REVERSING)
            self.move(row, S.REVERSED, standing=False)

    def move(self, row: Enforcement, state: EnforcementState, **more: object) -> None:
        before = self.room.rows()[row.enforcement_id]
        with writing(self.room.engine) as connection:
            write(
                connection,
                ENFORCEMENTS,
                before={row.enforcement_id: before},
                after=[replace(before, state=state, **more)],  # type: ignore[arg-type]
                act=act(),
            )

    def wait(self, one: int, _: int) -> None:
        self.room.now += one * DAY / 12
        expire(self.room.engine, now=self.room.now)

    def bump(self, one: int, _: int) -> None:
        if one > 8:
            monitor = self.room.monitors[MONITOR]
            self.room.monitors[MONITOR] = replace(monitor, version=monitor.version + 1)

    def rehearse(self, one: int, _: int) -> None:
        self.room.terms = REHEARSED if one > 8 else LIVE

    def resume(self, one: int, two: int) -> None:
        with reading(self.room.engine) as connection:
            ids = connection.scalars(
                select(batches.c.batch_id).where(batches.c.breach.is_not(None))
            ).all()
        if ids:
            self.room.resume(PEOPLE[two % 4], sorted(ids)[one % len(ids)])

    def check(self) -> None:
        """What must hold after every act."""
        rows = list(self.room.rows().values())
        live = [row for row in rows if row.mode == "live"]
        units = Counter(
            (row.alert_id, row.target, row.action_class) for row in live if row.state not in ENDED
        )
        assert not [unit for unit, n in units.items() if n > 1]  # I2
        assert {row.state for row in rows if row.mode == "dry_run"} <= {S.DRY_RUN, S.BLOCKED}  # I4
        days = Counter(row.executing_at.date() for row in live if row.executing_at)
        assert max(days.values(), default=0) <= 3
        for row in live:
            if row.state in DOES:
                self.check_reason(row)
        self.check_batches(live)
        self.check_people([row for row in live if row.state in DOES])

    def check_reason(self, row: Enforcement) -> None:
        action = self.room.terms.enforcement.actions[row.action]
        if row.decision_id is None:  # I3, I9
            assert action.gate is not None
            assert row.lower is not None
            assert row.lower >= action.gate.lower_bound
            with reading(self.room.engine) as connection:
                worst = select(alerts.c.worst).where(alerts.c.alert_id == row.alert_id)
                assert connection.scalars(worst).one() >= Severity.S2
        assert action.reversible or (row.automated == "not" and row.needs == 2)

    def check_batches(self, live: list[Enforcement]) -> None:
        with reading(self.room.engine) as connection:
            stopped = select(batches.c.batch_id).where(
                batches.c.breach.is_not(None), batches.c.resumed_at.is_(None)
            )
            ids = set(connection.scalars(stopped))
        assert not [row for row in live if row.batch_id in ids and row.state in GOES_ON]  # I5

    def check_people(self, live: list[Enforcement]) -> None:
        with reading(self.room.engine) as connection:
            given = connection.execute(select(grants).where(grants.c.verdict == "approve")).all()
            decided = dict(
                connection.execute(select(decisions.c.decision_id, decisions.c.decider)).all()  # type: ignore[arg-type]
            )
        for row in live:
            name = f"enforcement:{row.enforcement_id}"
            people = {one.person for one in given if one.object == name}
            assert len(people) >= row.needs
            assert not people & {AUTHOR, decided.get(row.decision_id or "")}
