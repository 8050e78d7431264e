"""Random lives: evaluations, findings, acks, silences, modes, settings and time, in any order."""

from collections import Counter
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitors.contract import Mode, Severity
from orchestration.alerts.actions import ack, lower
from orchestration.alerts.intake import take
from orchestration.alerts.keys import dedup_key
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.records import (
    Alert,
    AlertState,
    Evaluation,
    Finding,
    Outcome,
    OutcomeKind,
    Reason,
    RunIntent,
    State,
    Status,
    Step,
    Watched,
)
from orchestration.alerts.reducer import settle, step
from orchestration.alerts.rules import Config, Inhibition, Route
from tests.orchestration.alerts.builders import HOUR, MINUTE, SPAM, THEFT, Desk, at
from tests.orchestration.alerts.invariants import Stepped, check_every_invariant

PAGER = Route("urgent", "#pager", (parse_matcher("severity=~S0|S1"),), goes_on=True)
REST = Route("rest", "#abuse", group_by=("product",), group_interval=HOUR)
WAITING = replace(REST, group_wait=10 * MINUTE, send_resolved=False)
THEFT_FIRST = Inhibition(
    "theft", (parse_matcher(f"monitor={THEFT}"),), (parse_matcher(f"monitor={SPAM}"),), ("entity",)
)
CONFIGS = (
    Config((PAGER, REST), (THEFT_FIRST,), storm=1),
    Config((REST,), storm=1, resolve_after=1, flap_window=30 * MINUTE),
    Config((PAGER, WAITING), (THEFT_FIRST,)),
)
HOURS = st.integers(0, 5)
MONITORS = st.sampled_from((SPAM, THEFT))
FOUND = st.dictionaries(
    st.sampled_from("abc"), st.tuples(st.sampled_from(Severity), st.sampled_from("xy")), max_size=3
)
Run = tuple[str, int, dict[str, tuple[Severity, str]]]  # monitor, hours back, found by entity
RUN = st.tuples(MONITORS, HOURS, FOUND)

STATUSES = st.sampled_from(("complete", "complete", "complete", "stale", "failed"))


class Life(RuleBasedStateMachine):
    """One state that anything may happen to; each invariant of operations is a check."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.config = CONFIGS[0]
        self.watched = {SPAM: Watched(Mode.REVIEW), THEFT: Watched(Mode.REVIEW)}
        self.hour = 1.0
        self.sent: set[tuple[str, str, str, str]] = set()
        self.counted = 0
        self.closed = 0

    @rule(hours=st.sampled_from((0.0, 0.02, 0.25, 0.5, 0.5, 1.0, 1.0, 5.0, 30.0, 200.0)))
    def time_goes_on(self, hours: float) -> None:
        self.hour += hours
        self.go([], [])

    @rule(
        run=RUN,
        status=STATUSES,
        intent=st.sampled_from(("live", "live", "late", "replay")),
        version=st.integers(1, 2),
        again=st.booleans(),
    )
    def a_partition_is_evaluated(
        self, *, run: Run, status: Status, intent: RunIntent, version: int, again: bool
    ) -> None:
        evaluation, findings = self.made(run, status=status, intent=intent, version=version)
        self.check_conservation(self.go([evaluation], findings), findings)
        if again:
            self.check_i1_nothing_comes_of_the_same_partition_again(evaluation, findings)

    @rule(
        runs=st.lists(st.tuples(RUN, STATUSES), max_size=6, unique_by=lambda run: run[0][:2]),
        cut=st.integers(0, 6),
    )
    def a_backlog_is_taken_in(self, runs: list[tuple[Run, Status]], cut: int) -> None:
        made = [self.made(run, status=status, intent="replay", version=1) for run, status in runs]
        made.sort(key=lambda pair: (pair[0].partition_end, pair[0].monitor))
        evaluations = [evaluation for evaluation, _ in made]
        findings = [finding for _, found in made for finding in found]
        self.check_conservation(self.go(evaluations, findings, cut), findings)

    def made(
        self, run: Run, *, status: Status, intent: RunIntent, version: int
    ) -> tuple[Evaluation, list[Finding]]:
        """An evaluation that ends so many hours before now, and its findings."""
        monitor, back, found = run
        start = at(int(self.hour) - 1 - back)
        evaluation = Evaluation(
            monitor,
            version,
            start,
            start + HOUR,
            at(self.hour),
            status,
            intent,
            repr((sorted(found.items()), status)),
        )
        return evaluation, [
            Finding(
                f"{monitor}{version}{start}{entity}",
                monitor,
                version,
                monitor.split("/", maxsplit=1)[0],
                "spam",
                severity,
                "account_id",
                entity,
                None,
                start,
                start + HOUR,
                start,
                digest,
            )
            for entity, (severity, digest) in found.items()
        ]

    def go(self, evaluations: list[Evaluation], findings: list[Finding], cut: int = 0) -> Step:
        before, now = self.state, at(self.hour)
        result = step(
            before,
            evaluations=evaluations,
            findings=findings,
            watched=self.watched,
            now=now,
            config=self.config,
        )
        assert result == self.in_parts(evaluations, findings, cut)
        given = (evaluations, findings, self.watched, now, self.config)
        check_every_invariant(Stepped(before, *given, result))
        self.state = result.state
        self.closed += sum(alert.count for alert in result.closed)
        self.check_i16_nothing_is_told_twice(result)
        return result

    def in_parts(self, evaluations: list[Evaluation], findings: list[Finding], cut: int) -> Step:
        """The same inputs, taken in two parts and each part in another order."""
        now, config = at(self.hour), self.config
        state = self.state
        outcomes: tuple[Outcome, ...] = ()
        closed: tuple[Alert, ...] = ()
        for part in (evaluations[:cut], evaluations[cut:]):
            mine = {(e.monitor, e.version, e.partition) for e in part}
            taken = take(
                state,
                evaluations=part[::-1],
                findings=[f for f in findings[::-1] if (f.monitor, f.version, f.partition) in mine],
                now=now,
                config=config,
            )
            state = taken.state
            outcomes += taken.outcomes
            closed += taken.closed
        settled = settle(state, watched=self.watched, now=now, config=config)
        return replace(settled, outcomes=outcomes, closed=closed)

    @precondition(lambda self: self.firing())
    @rule(which=st.integers(0, 9))
    def somebody_acks(self, which: int) -> None:
        alert = self.firing()[which % len(self.firing())]
        self.state = ack(
            self.state,
            alert_id=alert.alert_id,
            by="ana",
            now=at(self.hour),
            config=self.config,
        )

    @precondition(lambda self: self.firing())
    @rule(which=st.integers(0, 9))
    def somebody_lowers(self, which: int) -> None:
        alert = self.firing()[which % len(self.firing())]
        if alert.severity < Severity.S3:
            self.state = lower(
                self.state,
                alert_id=alert.alert_id,
                severity=Severity.S3,
                by="ana",
                reason="a drill",
            )

    @rule(hours=st.sampled_from((0.5, 3.0)), matcher=MONITORS, out=st.booleans())
    def somebody_silences(self, *, hours: float, matcher: str, out: bool) -> None:
        desk = Desk(config=self.config, state=self.state)
        if f"s{self.hour}" not in self.state.silences:
            desk.silence(self.hour, self.hour + hours, f"monitor={matcher}")
            self.state = desk.state
            self.go([], [])
        if out:
            self.time_goes_on(hours)

    @rule(monitor=MONITORS, mode=st.sampled_from((Mode.SHADOW, Mode.REVIEW, Mode.AUTO)))
    def a_mode_changes(self, monitor: str, mode: Mode) -> None:
        self.watched[monitor] = Watched(mode)

    @rule(config=st.sampled_from(CONFIGS))
    def settings_change(self, config: Config) -> None:
        self.config = config

    def firing(self) -> list[Alert]:
        alerts = sorted(self.state.alerts.values(), key=lambda alert: alert.key)
        return [alert for alert in alerts if alert.state == AlertState.FIRING]

    def check_conservation(self, result: Step, findings: list[Finding]) -> None:
        """I28: every finding given is one of new, duplicate, suppressed, again, amended."""
        kinds = Counter(outcome.kind for outcome in result.outcomes)
        gone = kinds.pop(OutcomeKind.RETRACTED, 0)
        assert sum(kinds.values()) == len(findings)
        given = Counter(finding.finding_id for finding in findings)
        named = Counter(o.finding_id for o in result.outcomes if o.kind != OutcomeKind.RETRACTED)
        assert named == given
        self.counted += kinds[OutcomeKind.NEW] + kinds[OutcomeKind.DUPLICATE]
        assert gone <= self.counted
        there = sum(alert.count for alert in result.state.alerts.values())
        assert there + self.closed == self.counted

    def check_i1_nothing_comes_of_the_same_partition_again(
        self, evaluation: Evaluation, findings: list[Finding]
    ) -> None:
        before = set(self.state.alerts)
        count = sum(alert.count for alert in self.state.alerts.values())
        result = self.go([evaluation], findings)
        kinds = {outcome.kind for outcome in result.outcomes}
        assert kinds <= {OutcomeKind.AGAIN, OutcomeKind.SUPPRESSED}
        assert set(result.state.alerts) == before
        assert sum(alert.count for alert in result.state.alerts.values()) == count
        news = {Reason.FIRST, Reason.NEW_IN_GROUP, Reason.ESCALATED, Reason.AMENDED}
        assert not {intent.reason for intent in result.intents} & news

    def check_i16_nothing_is_told_twice(self, result: Step) -> None:
        for intent in result.intents:
            said = (intent.group, intent.receiver, intent.reason.value, intent.state_hash)
            assert said not in self.sent
            self.sent.add(said)

    @invariant()
    def every_alert_has_its_own_entity(self) -> None:
        for key, alert in self.state.alerts.items():
            assert key == dedup_key(alert.monitor, alert.entity, alert.harm)
            assert 0 <= alert.retracted <= alert.count
            assert (alert.ack is None) == (alert.state != AlertState.ACKED)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
