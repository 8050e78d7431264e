"""Whatever happens, in whatever order: nobody is called twice for one step, or after an answer."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from monitors.contract import Severity
from orchestration.acts.threads import alerts_of, thread_of
from orchestration.alerts.records import AlertState
from orchestration.ledger.database import reading
from tests.orchestration.alerts.builders import finding
from tests.orchestration.escalation.builders import FIRED, Night, night
from tests.support.copies import new_ledger

GRAVE = st.sampled_from([Severity.S0, Severity.S1, Severity.S2])


class Nights(RuleBasedStateMachine):
    """Findings, clean hours, acks, snoozes, and ticks that are missed or repeated."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.engine = new_ledger(f"sqlite:///{Path(self.folder.name) / 'ledger.db'}")
        self.night: Night = night(self.engine)
        self.minutes = 0
        self.hour = 12

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    @initialize(severity=GRAVE)
    def fires(self, severity: Severity) -> None:
        self.night.fires("a", severity=severity)
        self.climbs()

    @rule(minutes=st.integers(1, 25))
    def time_passes(self, minutes: int) -> None:
        self.minutes += minutes
        self.climbs()

    @rule(minutes=st.integers(26, 400))
    def nothing_runs_for_long(self, minutes: int) -> None:
        self.minutes += minutes
        self.night.settle(self.minutes)
        self.climbs()

    @rule(entities=st.sets(st.sampled_from("abc"), max_size=2), severity=GRAVE)
    def an_hour_is_evaluated(self, entities: set[str], severity: Severity) -> None:
        self.hour += 1
        self.minutes = max(self.minutes, (self.hour - 12) * 60)
        found = [finding(self.hour, entity, severity=severity) for entity in sorted(entities)]
        self.night.tick(self.hour, *found)
        self.night.settle(self.minutes)
        self.climbs()

    @precondition(lambda self: self.states() & {AlertState.FIRING})
    @rule()
    def somebody_acks(self) -> None:
        self.night.ack(self.minutes)
        called = self.night.called()
        self.climbs()
        assert self.night.called() == called

    @precondition(lambda self: self.states() & {AlertState.FIRING, AlertState.ACKED})
    @rule(length=st.integers(5, 120))
    def somebody_snoozes(self, length: int) -> None:
        self.night.snooze(self.minutes, length=length)
        self.climbs()

    @invariant()
    def no_step_of_a_climb_is_told_twice(self) -> None:
        told = Counter(
            (payload["thread"], payload["ladder"], payload["since"], payload["step"])
            for payload in self.night.payloads()
        )
        assert set(told.values()) <= {1}

    def states(self, *, everywhere: bool = False) -> set[AlertState]:
        """States of unmuted alerts in the newest thread that goes on, or in all of them."""
        going = [row.thread_id for row in self.night.rows("threads") if row.closed_at is None]
        newest = {self.night.thread().thread_id}
        with reading(self.engine) as connection:
            shown = [
                alert
                for name in (going if everywhere else newest & set(going))
                for alert in alerts_of(connection, thread_of(connection, name))
            ]
        return {alert.state for alert in shown if not alert.muted}

    def climbs(self) -> None:
        """A tick, and the same tick again after a crash; then what is left to be done."""
        before = self.night.called()
        self.night.climb(self.minutes)
        after = self.night.everything()
        self.night.climb(self.minutes)
        assert self.night.everything() == after
        now = FIRED + timedelta(minutes=self.minutes)
        going = [row for row in self.night.rows("escalations") if row.stopped_by is None]
        assert all(row.next_at is None or row.next_at > now for row in going)
        if AlertState.FIRING not in self.states(everywhere=True):
            assert self.night.called() == before
            assert going == []


NightsTest = Nights.TestCase
NightsTest.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
