"""Any order of appeals, reviews, reversals, switches and faults keeps I7, I8 and I10."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import Engine

from orchestration.appeals.codes import Outcome
from orchestration.appeals.errors import AppealError
from orchestration.appeals.review import expire_leases, release, withdraw
from orchestration.reference_service.faults import Faults
from tests.orchestration.appeals.houses import (
    APPROVER,
    AUTHOR,
    REVIEWER,
    SAM,
    TESS,
    House,
    house,
)
from tests.support.copies import one_ledger

ACCOUNTS = ("u1", "u2", "u3", "u4")
ANYBODY = (SAM, TESS, REVIEWER, APPROVER, AUTHOR)
LOST = {"error_after": 0.2, "drop_before": 0.1, "garbled": 0.1}


class Appealing(RuleBasedStateMachine):
    """Users appeal, people decide, leads reverse, and the service loses answers."""

    def __init__(self, engine: Engine, stack: ExitStack) -> None:
        super().__init__()
        self.stack = stack
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        faults = Faults(shares=LOST, tries=1)  # type: ignore[arg-type]
        self.house: House = self.stack.enter_context(
            house(engine, folder / "service", faults=faults)
        )
        self.number = 0

    @initialize(
        action=st.sampled_from(["suspend_account", "suspend_24h"]),
        first=st.lists(
            st.tuples(st.integers(0, 3), st.sampled_from(Outcome)), min_size=1, max_size=3
        ),
    )
    def carry_out(self, action: str, first: list[tuple[int, Outcome]]) -> None:
        self.ids = self.house.done(*ACCOUNTS, action=action)
        # Who decided, and wrote the monitor; and who approved what asks for an approval.
        self.never = {"rita", "ndiaz"} | ({"ana"} if action == "suspend_account" else set())
        self.house.forward(minutes=30)
        self.house.floor.reconcile()
        for which, outcome in first:
            self.appeal(which)
            self.take(TESS)
            self.decide(TESS, outcome, "restrict_messaging")

    @rule(which=st.integers(0, 3))
    def appeal(self, which: int) -> None:
        self.number += 1
        self.house.receive(self.ids[which], f"S-{self.number}")

    @precondition(lambda self: self.number > 0)
    @rule(which=st.integers(0, 3), number=st.integers(1, 9))
    def repeat(self, which: int, number: int) -> None:
        before = self.house.table("appeals")
        if any(row["reference"] == f"S-{number}" for row in before):
            found = self.house.receive(self.ids[which], f"S-{number}")
            assert found.repeated or found.code == "reference_reused"
            assert self.house.table("appeals") == before

    @rule(who=st.sampled_from(ANYBODY))
    def take(self, who: Any) -> None:  # noqa: ANN401 - a person
        taken = self.house.next(who)
        assert taken is None or taken.reviewer not in self.never

    @rule(
        who=st.sampled_from(ANYBODY),
        outcome=st.sampled_from(Outcome),
        action=st.sampled_from(["warn", "restrict_messaging"]),
    )
    def decide(self, who: Any, outcome: Outcome, action: str) -> None:  # noqa: ANN401 - a person
        mine = [row for row in self.house.table("appeals") if row["leased_by"] == who.id]
        for row in mine:
            more = {"action": action} if outcome is Outcome.PARTIAL else {}
            try:
                self.house.decide(row["appeal_id"], outcome, who, **more)
            except AppealError:
                kept = self.house.appeal(row["appeal_id"])
                assert (kept.state, kept.outcome) == ("in_review", None)

    @rule(
        which=st.integers(0, 3),
        who=st.sampled_from([SAM, TESS]),
        outcome=st.sampled_from(Outcome),
        action=st.sampled_from(["warn", "restrict_messaging"]),
    )
    def appeal_and_decide(self, which: int, who: Any, outcome: Outcome, action: str) -> None:  # noqa: ANN401 - a person
        self.appeal(which)
        self.take(who)
        self.decide(who, outcome, action)

    @rule(who=st.sampled_from(ANYBODY))
    def give_back(self, who: Any) -> None:  # noqa: ANN401 - a person
        for row in self.house.table("appeals"):
            until = row["leased_until"]
            if row["leased_by"] == who.id and until and until > self.house.now:
                release(self.house.engine, who, row["appeal_id"], now=self.house.now)

    @rule()
    def user_withdraws(self) -> None:
        open_ = [
            row for row in self.house.table("appeals") if row["state"] in {"queued", "in_review"}
        ]
        for row in open_[:1]:
            withdraw(self.house.engine, row["appeal_id"], now=self.house.now)

    @rule(which=st.integers(0, 3))
    def lead_reverses(self, which: int) -> None:
        self.house.floor.reverse(self.ids[which])

    @rule()
    def undo(self) -> None:
        self.house.floor.undo()

    @rule()
    def plan_and_run(self) -> None:
        self.house.room.plan()
        self.house.room.unblock()
        self.house.floor.run()

    @rule()
    def tell(self) -> None:
        self.house.send()

    @rule(on=st.booleans())
    def switch(self, *, on: bool) -> None:
        self.house.room.throw("all", on=on)

    @rule(minutes=st.sampled_from([1, 20, 40]))
    def time_passes(self, minutes: int) -> None:
        self.house.forward(minutes=minutes)
        expire_leases(self.house.engine, self.house.now)

    def teardown(self) -> None:
        try:
            if hasattr(self, "ids"):
                self.finish()
                self.check()
        finally:
            self.stack.close()

    def finish(self) -> None:
        """All that was asked for is carried out, with every kill switch on (I10)."""
        self.house.room.throw("all")
        for _ in range(6):
            self.house.forward(minutes=30)
            self.house.floor.reconcile()
            self.house.floor.undo()
            self.house.send()

    def check(self) -> None:
        it = self.house
        appeals, rows = it.table("appeals"), it.floor.rows()
        labels, told = it.table("labels"), it.table("notices")
        strikes = {row["enforcement_id"]: row for row in it.table("strikes")}
        asked = Counter(row["appeal_id"] for row in it.table("reversals"))
        for one in appeals:
            mine = [row for row in told if row["appeal_id"] == one["appeal_id"]]
            if one["outcome"] is None:
                assert asked[one["appeal_id"]] == 0
                continue
            assert one["reviewer"] not in self.never  # I8
            assert [row["state"] for row in mine] == ["sent"]
            assert one["state"] == "notified"
            if one["outcome"] == "upheld":
                assert asked[one["appeal_id"]] == 0
                continue
            row = rows[one["enforcement_id"]]
            assert strikes[row.enforcement_id]["removed_at"] is not None  # I7
            assert row.reversal_id is not None
            assert (row.state, row.standing) == ("reversed", False)
            assert asked[one["appeal_id"]] == (one["outcome"] != "moot")
            if one["outcome"] == "overturned":
                ours = [label for label in labels if label["unit_id"] == row.alert_id]
                assert len([label for label in ours if label["rater"] == one["reviewer"]]) == 1
                assert {(label["value"], label["source"]) for label in ours} == {(False, "appeal")}
        self.nobody_twice()
        assert it.is_sound()

    def nobody_twice(self) -> None:
        it = self.house
        effects = it.floor.client.effects()
        assert all(n == 1 for n in Counter(effects).values())
        for number, account in enumerate(ACCOUNTS):
            row = it.floor.row(self.ids[number])
            standing = row.state == "applied" and row.standing
            assert it.floor.value(account) == ("suspended" if standing else "active")
            asked = {one["reversal_id"] for one in it.table("reversals")}
            assert row.reversal_id is None or row.reversal_id in asked


def machine(server: str | None = None) -> Callable[[], Appealing]:
    """Makes a machine on a new ledger for each example."""

    def fresh() -> Appealing:
        stack = ExitStack()
        folder = Path(stack.enter_context(TemporaryDirectory()))
        return Appealing(stack.enter_context(one_ledger(folder, server)), stack)

    return fresh


@pytest.mark.timeout(900)
def test_any_order_of_acts_keeps_the_rules_on_appeals() -> None:
    some = settings(max_examples=12, stateful_step_count=15, deadline=None)
    run_machine(machine(), settings=some)


def test_the_same_holds_on_postgresql(server: str) -> None:
    few = settings(max_examples=4, stateful_step_count=12, deadline=None)
    run_machine(machine(server), settings=few)
