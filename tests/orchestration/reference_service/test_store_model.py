"""Any series of acts against a model that keeps, for each field, a pile of what was replaced."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestration.reference_service.asks import Application, Restoration, Spot, Target
from orchestration.reference_service.store import Store
from tests.orchestration.reference_service.services import Clock

SPOT = Spot("account", "u1", "access")
VALUES = st.sampled_from(['"active"', '"suspended"', '"banned"'])


class Acts(RuleBasedStateMachine):
    """Orders without end, restorations, changes by hand, repetitions and restarts."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "state.db"
        self.store = Store(self.path, Clock())
        self.pile: list[tuple[str | None, str]] = []  # who set it, and to what; the last is on top
        self.done: dict[str, tuple[Application, dict[str, object]]] = {}
        self.asked = 0
        self.by_hand('"active"')

    @rule(value=VALUES)
    def by_hand(self, value: str) -> None:
        self.store.put([Target("account", "u1", {"access": value})])
        self.pile = [(None, value)]

    @rule(value=VALUES)
    def apply(self, value: str) -> None:
        key = f"k{len(self.done)}"
        ask = Application(key, SPOT, value, None, f"digest-of-{key}")
        receipt = self.store.apply(ask)
        before = self.pile[-1][1]
        assert receipt["prior"] == before
        assert receipt["outcome"] == ("already" if before == value else "applied")
        if before != value:
            self.pile.append((key, value))
        self.done[key] = (ask, receipt)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        ask, receipt = self.done[data.draw(st.sampled_from(sorted(self.done)))]
        assert self.store.apply(ask) == receipt == self.store.find(ask.key)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        of = data.draw(st.sampled_from(sorted(self.done)))
        prior = str(self.done[of][1]["prior"])
        self.asked += 1
        key = f"r{self.asked}"
        ask = Restoration(key, SPOT, of, prior, f"digest-of-{of}-{key}")
        outcome = self.store.restore(ask)["outcome"]
        if self.pile[-1][0] == of:
            self.pile.pop()
            assert outcome == "restored"
            assert self.pile[-1][1] == prior
        else:
            assert outcome == ("restored" if self.pile[-1][1] == prior else "changed_since")
        assert self.store.restore(ask)["outcome"] == outcome

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store(self.path, Clock())

    @invariant()
    def has_what_the_model_has(self) -> None:
        field = self.store.target("account", "u1")["fields"]["access"]
        by, value = self.pile[-1]
        assert (field["by"], f'"{field["value"]}"') == (by, value)

    @invariant()
    def has_done_nothing_twice(self) -> None:
        keys = [line["key"] for line in self.store.log(0)["log"] if line["key"]]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestActs = Acts.TestCase
TestActs.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
