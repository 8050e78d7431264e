"""Whatever happens, in whatever order: ledger and service agree, and nothing is done twice."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orchestration.enforcement.lapse import lapse
from orchestration.enforcement.reverse import OfMonitor, reverse_monitor
from orchestration.enforcement.switches import throw
from orchestration.executors.protocol import Executor, Order, Receipt
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import ENFORCEMENT
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.verify import verify
from orchestration.reference_service.faults import Faults, Rule
from tests.support.copies import one_ledger
from tests.support.executing import DRY, LEAD, LIVE, MONITOR, Floor, floor, hours

ACCOUNTS = [f"u{n}" for n in range(5)]
ACTIONS = st.sampled_from(["suspend_24h", "suspend_account", "warn"])
FAULTS = st.sampled_from(
    ["error_before", "error_after", "drop_before", "drop_after", "garbled", "duplicate", "busy"]
)
DONE = frozenset({"applied", "reversed", "blocked", "failed", "expired"})
NAMED = {rule.verb for rule in ENFORCEMENT.values()} | {"open", "admit", "ask_reversal", "lapse"}


class KilledError(BaseException):
    """The process is gone; nothing of ours may catch it."""


class Dying:
    """The real executor, in a process that dies at a call: before it acts, or after."""

    def __init__(self, behind: Executor, calls: int, *, acts: bool) -> None:
        self.behind, self.left, self.acts = behind, calls, acts
        self.lock = threading.Lock()

    def apply(self, order: Order) -> Receipt:
        return self._done(lambda: self.behind.apply(order))

    def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
        return self._done(lambda: self.behind.restore(order, of=of, prior=prior))

    def find(self, key: str) -> Receipt | None:
        return self.behind.find(key)

    def _done(self, ask: Callable[[], Receipt]) -> Receipt:
        with self.lock:
            self.left -= 1
            if self.left > 0:
                return ask()
            if self.left == 0 and self.acts:
                ask()
            raise KilledError


class Lives(RuleBasedStateMachine):
    """Plans, executions, faults, crashes, reversals and people who meddle."""

    server: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        folder = Path(self.open.enter_context(TemporaryDirectory()))
        engine = self.open.enter_context(one_ledger(folder, self.server))
        self.faults = Faults(seconds=120)
        self.floor: Floor = self.open.enter_context(
            floor(engine, folder / "service", faults=self.faults)
        )
        self.floor.approve(*ACCOUNTS, batch_id="b", not_before=hours(10_000), prefix="never")
        for row in self.floor.rows().values():
            self.floor.reverse(row.enforcement_id)
        self.number = 0
        self.meddled: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            self.settles()
        finally:
            self.open.close()

    @rule(account=st.sampled_from(ACCOUNTS), action=ACTIONS, wait=st.integers(0, 2))
    def is_approved(self, account: str, action: str, wait: int) -> None:
        taken = any(row.standing for row in self.rows_of(account))
        if taken and action != "warn":
            return
        self.number += 1
        self.floor.plan(
            account,
            action=action,
            prefix=f"e{self.number}",
            batch_id=f"b{self.number}",
            not_before=self.floor.clock() if not wait else hours(wait * 10),
        )

    @rule(action=ACTIONS)
    def is_approved_for_nobody(self, action: str) -> None:
        if any(row.standing for row in self.rows_of("nobody")) and action != "warn":
            return
        self.number += 1
        name = f"b{self.number}"
        self.floor.plan("nobody", action=action, prefix=f"e{self.number}", batch_id=name)

    @rule()
    def executes(self) -> None:
        self.floor.run()

    @rule(calls=st.integers(1, 3), acts=st.booleans())
    def dies_while_it_executes(self, calls: int, *, acts: bool) -> None:
        self.dies(lambda dying: self.floor.run(executor=dying, workers=1), calls, acts=acts)

    @rule()
    def reconciles(self) -> None:
        self.floor.reconcile()

    @rule()
    def undoes(self) -> None:
        self.floor.undo()

    @rule(calls=st.integers(1, 3), acts=st.booleans())
    def dies_while_it_undoes(self, calls: int, *, acts: bool) -> None:
        self.dies(lambda dying: self.floor.undo(executor=dying), calls, acts=acts)

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def one_is_to_be_reversed(self, data: st.DataObject) -> None:
        done = [row for row in self.rows() if row.state not in ("failed", "expired")]
        if done:
            self.floor.reverse(data.draw(st.sampled_from(done)).enforcement_id)

    @rule(back=st.integers(0, 48))
    def all_is_to_be_reversed(self, back: int) -> None:
        since = self.floor.clock() - (hours(back) - hours(0))
        reverse_monitor(
            self.floor.engine,
            who=LEAD,
            which=OfMonitor(MONITOR, since),
            reason="bad rule",
            now=self.floor.clock(),
        )

    @rule(minutes=st.sampled_from([1, 5, 11, 60, 1500]))
    def time_passes(self, minutes: int) -> None:
        self.floor.clock.forward(minutes=minutes)

    @rule()
    def what_is_over_lapses(self) -> None:
        lapse(self.floor.engine, self.floor.clock())

    @rule(on=st.booleans())
    def the_switch_is_thrown(self, *, on: bool) -> None:
        now = self.floor.clock()
        throw(self.floor.engine, who=LEAD, name="all", on=on, reason="why", now=now)

    @rule(live=st.booleans())
    def the_mode_changes(self, *, live: bool) -> None:
        self.floor.terms = LIVE if live else DRY

    @rule(kind=FAULTS, on=st.sampled_from(["apply", "restore", "find"]))
    def the_service_fails(self, kind: str, on: str) -> None:
        self.faults.rules = [Rule(kind, on=(on,), tries=10**9)]

    @rule()
    def the_service_is_mended(self) -> None:
        self.faults.rules = []

    @rule(account=st.sampled_from(ACCOUNTS), value=st.sampled_from(["limited", "active"]))
    def somebody_meddles(self, account: str, value: str) -> None:
        self.floor.by_hand(account, value)
        self.meddled[account] = value

    @invariant()
    def no_key_is_done_twice(self) -> None:
        effects = Counter(
            (kind, key) for kind, key in self.floor.effects().elements() if kind != "ended"
        )
        assert set(effects.values()) <= {1}

    @invariant()
    def what_is_done_or_undone_is_told_and_counted_once(self) -> None:
        told = Counter((row["kind"], row["enforcement_id"]) for row in self.floor.table("notices"))
        assert set(told.values()) <= {1}
        back = {name for kind, name in told if kind != "applied"}
        assert back == {row.enforcement_id for row in self.rows() if row.state == "reversed"}
        done = {row.enforcement_id for row in self.rows() if row.applied_at}
        assert {name for kind, name in told if kind == "applied"} == done
        strikes = {row["enforcement_id"]: row["removed_at"] for row in self.floor.table("strikes")}
        assert strikes.keys() == done
        assert all(strikes[name] for name in back)

    def dies(self, go: Callable[[Dying], object], calls: int, *, acts: bool) -> None:
        with suppress(KilledError):
            go(Dying(self.floor.executor, calls, acts=acts))

    def rows(self) -> list[Enforcement]:
        """Rows of this life, without those that begin it."""
        every = self.floor.rows().values()
        return [row for row in every if not row.enforcement_id.startswith("never")]

    def rows_of(self, account: str) -> list[Enforcement]:
        return [row for row in self.rows() if f"-{account}-" in row.enforcement_id]

    def settles(self) -> None:
        """All is mended, and after a while nothing is left to be done."""
        self.faults.rules = []
        self.floor.terms = LIVE
        now = self.floor.clock()
        throw(self.floor.engine, who=LEAD, name="all", on=False, reason="over", now=now)
        for _ in range(6):
            self.floor.clock.forward(hours=11)
            self.floor.reconcile()
            lapse(self.floor.engine, self.floor.clock())
            self.floor.run()
            self.floor.undo()
        lapse(self.floor.engine, self.floor.clock())
        self.no_key_is_done_twice()
        self.what_is_done_or_undone_is_told_and_counted_once()
        self.assert_agreed()

    def assert_agreed(self) -> None:
        """Each row is as the service knows it, and each account as its rows say."""
        for row in self.rows():
            assert row.state in DONE, row
            receipt = self.floor.executor.find(row.idempotency_key)
            known = receipt is not None and receipt.outcome in ("applied", "already")
            assert known == (row.state in ("applied", "reversed")), row
            assert not known or (receipt.prior, receipt.receipt) == (row.prior, row.receipt)
        for account in ACCOUNTS:
            self.assert_account(account)
        with reading(self.floor.engine) as connection:
            assert verify(connection, seals=[]).wrong == ""
        verbs = {
            row["verb"]
            for row in self.floor.table("audit")
            if row["object"].startswith("enforcement:")
        }
        assert verbs <= NAMED

    def assert_account(self, account: str) -> None:
        """Suspended while a suspension stands, else active; or as somebody left it by hand."""
        stands = any(row.standing for row in self.rows_of(account))
        value = self.floor.value(account)
        if account in self.meddled:
            assert value in {"suspended", "limited", "active"}
            assert value != "suspended" or stands
        else:
            assert value == ("suspended" if stands else "active")


LivesTest = Lives.TestCase
LivesTest.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


def test_the_same_holds_on_postgresql(server: str) -> None:
    class OnServer(Lives):
        pass

    OnServer.server = server
    few = settings(max_examples=5, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(OnServer, settings=few)
