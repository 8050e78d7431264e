"""Random lives through the ledger: loaded and saved at every step, and the same as in memory."""

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, Engine, func, insert, select

from monitors.contract import Severity
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.records import Evaluation, Finding, Reason, State, Step, TakenKey
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config, Inhibition, Route
from orchestration.intake.run import INTAKE
from orchestration.intake.save import save
from orchestration.intake.state import Loaded, load
from orchestration.intake.threads import at_once
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import alert_findings, alerts, outbox, silences, threads, told
from orchestration.ledger.verify import verify
from tests.orchestration.alerts.builders import HOUR, MINUTE, SPAM, THEFT, at
from tests.orchestration.alerts.test_machine import Life
from tests.orchestration.intake.builders import emptied

PAGER = Route("urgent", "C0PAGER", (parse_matcher("severity=~S0|S1"),), goes_on=True)
REST = Route("rest", "C0ABUSE", group_by=("product",), group_interval=HOUR)
WAITING = replace(REST, group_wait=10 * MINUTE, send_resolved=False)
THEFT_FIRST = Inhibition(
    "theft", (parse_matcher(f"monitor={THEFT}"),), (parse_matcher(f"monitor={SPAM}"),), ("entity",)
)
CONFIGS = (
    Config((PAGER, REST), (THEFT_FIRST,), storm=1),
    Config((REST,), storm=1, resolve_after=1, flap_window=30 * MINUTE),
    Config((PAGER, WAITING), (THEFT_FIRST,)),
)
TAKEN = ("new", "duplicate")


class Kept(Life):
    """The life of the reducer's own tests, lived a second time through a ledger."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.config = CONFIGS[0]
        self.keys: set[TakenKey] = set()
        self.silenced: set[str] = set()
        emptied(engine)

    @rule(config=st.sampled_from(CONFIGS))
    def settings_change(self, config: Config) -> None:
        self.config = config

    def go(self, evaluations: list[Evaluation], findings: list[Finding], cut: int = 0) -> Step:
        self.people_act()
        wanted = super().go(evaluations, findings, cut)
        keys = {(e.monitor, e.partition, e.partition_end) for e in evaluations}
        self.keys |= keys
        with writing(self.engine) as connection:
            before = self.loaded(connection, keys)
            found = step(
                before.state,
                evaluations=evaluations,
                findings=findings,
                watched=self.watched,
                now=at(self.hour),
                config=self.config,
            )
            save(
                connection,
                before=before,
                step=found,
                evaluations=evaluations,
                act=Act(INTAKE, at(self.hour), "evaluations taken in"),
                timing=at_once,
            )
        assert (found.intents, found.outcomes) == (wanted.intents, wanted.outcomes)
        assert set(found.closed) == set(wanted.closed)
        assert self.kept() == wanted.state
        self.check_i17_no_flood(found)
        return wanted

    def people_act(self) -> None:
        """Write what people did since the last step, as the commands of people do."""
        with writing(self.engine) as connection:
            before = self.loaded(connection, set())
            by = Act(Actor("ana", "person"), at(self.hour), "a drill")
            after = self.state.alerts.values()
            write_alerts(connection, before=before.by_id, after=after, act=by)
            for name in self.state.silences.keys() - self.silenced:
                one = self.state.silences[name]
                self.silenced.add(name)
                row = {
                    "silence_id": name,
                    "matchers": [[m.label, m.operator, m.value] for m in one.matchers],
                    "starts_at": one.starts,
                    "ends_at": one.ends,
                    "created_by": one.owner,
                    "created_at": one.starts,
                    "reason": one.reason,
                }
                connection.execute(insert(silences), row)

    def loaded(self, connection: Connection, keys: set[TakenKey]) -> Loaded:
        now = at(self.hour)
        return load(connection, now=now, oldest=now - self.config.memory, keys=keys)

    def kept(self) -> State:
        """The whole state as the ledger has it."""
        with reading(self.engine) as connection:
            return self.loaded(connection, self.keys).state

    def check_i17_no_flood(self, found: Step) -> None:
        for receiver in ("C0PAGER", "C0ABUSE"):
            mine = [i for i in found.intents if i.receiver == receiver]
            assert len([i for i in mine if i.severity > Severity.S0]) <= self.config.storm
            assert len([i for i in mine if i.reason == Reason.STORM]) <= 1

    @invariant()
    def the_ledger_counts_as_the_reducer_does(self) -> None:
        with reading(self.engine) as connection:
            taken = select(func.count()).where(alert_findings.c.kind.in_(TAKEN))
            assert connection.execute(taken).scalar_one() == self.counted  # I28
            queued = select(func.count()).select_from(outbox)
            assert connection.execute(queued).scalar_one() == len(self.sent)  # I16
            pending = select(func.count()).where(alerts.c.state == "pending")
            assert connection.execute(pending).scalar_one() == 0

    @invariant()
    def every_group_has_one_open_thread(self) -> None:
        with reading(self.engine) as connection:
            open_ = select(threads.c.thread_id).where(threads.c.closed_at.is_(None))
            pointed = select(told.c.thread_id)
            assert sorted(connection.execute(open_)) == sorted(connection.execute(pointed))

    def teardown(self) -> None:
        with reading(self.engine) as connection:
            assert verify(connection, seals=[]).wrong == ""


def test_a_life_through_the_ledger_is_the_same_as_in_memory(ledger: Engine) -> None:
    few = ledger.dialect.name == "postgresql"
    run_state_machine_as_test(
        lambda: Kept(ledger),  # type: ignore[arg-type]
        settings=settings(
            max_examples=6 if few else 25,
            stateful_step_count=20 if few else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
