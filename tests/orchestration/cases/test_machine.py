"""Casework as a machine: no order of acts and times breaks what holds of every case."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.cases.acts import answer, ask, escalate, review
from orchestration.cases.decide import decide
from orchestration.cases.errors import CaseError
from orchestration.cases.judging import Outcome, Verdict, units_of
from orchestration.cases.merge import merge, split
from orchestration.cases.missing import open_escalation
from orchestration.cases.queue import assign, claim, expire_leases, next_case, release, renew
from orchestration.cases.reopen import reopen
from orchestration.ledger.case_states import CASE, HELD, OPEN, CaseState
from orchestration.ledger.cases import Case
from orchestration.oncall.people import Person
from orchestration.triage.sla_json import of_json
from tests.orchestration.alerts.builders import SPAM, THEFT, at
from tests.orchestration.intake.builders import emptied
from tests.support.cases import ANA, BEN, CARA, ENGINEER, LEAD, Office

FOUND = (
    (SPAM, "a", Severity.S2, "spam"),
    (SPAM, "b", Severity.S2, "spam"),
    (THEFT, "a", Severity.S1, "fraud_scams"),
    (THEFT, "c", Severity.S3, "child_safety"),
)
PEOPLE = (ANA, BEN, CARA)
START = at(1.2)
LATER = (-10, 0, 0, 1, 2, 5, 10, 31, 400, 60 * 24 * 5)  # minutes; clocks may differ
OUTCOMES = tuple(Outcome(verdict) for verdict in Verdict)
STAYS = frozenset({"assign", "escalate", "merge", "split", "raise"})  # may leave the state


@dataclass
class Sim:
    """Acts one after another; `n` chooses whom, what and which."""

    office: Office
    now: datetime = START
    hour: int = 0
    over: dict[str, tuple[Case, Mapping[str, int]]] = field(default_factory=dict)

    def case(self, n: int) -> Case:
        cases = self.office.cases()
        if not cases:
            raise CaseError("there is no case yet")
        return cases[n % len(cases)]

    def found(self, n: int) -> None:
        monitor, name, severity, harm = FOUND[n % len(FOUND)]
        self.hour = max(self.hour + 1, int((self.now - at(0)) / timedelta(hours=1)))
        self.office.found(self.hour, name, monitor=monitor, severity=severity, harm=harm)
        self.now = max(self.now, at(self.hour + 1.2))

    def opens(self, n: int) -> None:
        del n
        self.office.opened(self.now)
        firing = {a.alert_id for a in self.office.desk.alerts() if a.state == "firing"}
        current = [row["alert_id"] for row in self.office.rows("case_alerts") if row["current"]]
        assert firing <= set(current)

    def next(self, n: int) -> None:
        next_case(self.office.engine, PEOPLE[n % 3], self.office.terms, self.now)

    def works(self, n: int) -> None:
        """Somebody takes what is next and looks at it at once."""
        engine, who, terms = self.office.engine, PEOPLE[n % 3], self.office.terms
        taken = next_case(engine, who, terms, self.now)
        if taken and taken.state is CaseState.ASSIGNED:
            review(engine, who, taken.case_id, terms=terms, now=self.now)

    def claim(self, n: int) -> None:
        who = PEOPLE[n % 3]
        claim(*self._of(n, who), terms=self.office.terms, now=self.now)

    def review(self, n: int) -> None:
        review(*self._held(n, CaseState.ASSIGNED), terms=self.office.terms, now=self.now)

    def release(self, n: int) -> None:
        release(*self._held(n), now=self.now)

    def renew(self, n: int) -> None:
        renew(*self._held(n), terms=self.office.terms, now=self.now)

    def ask(self, n: int) -> None:
        ask(*self._held(n, CaseState.IN_REVIEW), reason="somebody is asked", now=self.now)

    def answer(self, n: int) -> None:
        answer(
            *self._of(n, PEOPLE[n % 3], CaseState.NEEDS_INFO),
            reason="they answered",
            terms=self.office.terms,
            now=self.now,
        )

    def escalate(self, n: int) -> None:
        escalate(
            *self._of(n, PEOPLE[n % 3]), reason="graver", terms=self.office.terms, now=self.now
        )

    def assign(self, n: int) -> None:
        assign(*self._of(n, LEAD), to=PEOPLE[n % 3], terms=self.office.terms, now=self.now)

    def decide(self, n: int) -> None:
        engine, who, case_id = self._held(n, CaseState.IN_REVIEW)
        outcome = OUTCOMES[n % len(OUTCOMES)]
        units = units_of(self.office.members(self.office.case(case_id)))
        policy = None if outcome.verdict is Verdict.NO_POLICY else "spam"
        chosen = dict.fromkeys(units, outcome)
        decide(engine, who, case_id, chosen, policy, terms=self.office.terms, now=self.now)

    def merge(self, n: int) -> None:
        merge(
            *self._of(n, LEAD),
            other_id=self.case(n + 1).case_id,
            reason="they are one",
            terms=self.office.terms,
            now=self.now,
        )

    def split(self, n: int) -> None:
        case = self.case(n)
        first = [alert.alert_id for alert in self.office.members(case).alerts[:1]]
        split(
            *self._of(n, LEAD),
            alert_ids=first,
            reason="they are two",
            terms=self.office.terms,
            now=self.now,
        )

    def reopen(self, n: int) -> None:
        reopen(
            *self._of(n, PEOPLE[n % 3], CaseState.CLOSED),
            reason="news",
            terms=self.office.terms,
            now=self.now,
        )

    def missed(self, n: int) -> None:
        entity = ("account_id", f"account_{n:012x}")
        open_escalation(
            self.office.engine,
            ENGINEER,
            [entity],
            "chat",
            Harm.SPAM,
            terms=self.office.terms,
            now=self.now,
        )

    def expire(self, n: int) -> None:
        del n
        expire_leases(self.office.engine, self.now)

    def _of(self, n: int, who: Person, *states: CaseState) -> tuple[Engine, Person, str]:
        """Somebody and a case, in one of the states if there is one."""
        fit = [case for case in self.office.cases() if case.state in states]
        case = fit[n % len(fit)] if fit else self.case(n)
        return self.office.engine, who, case.case_id

    def _held(self, n: int, *states: CaseState) -> tuple[Engine, Person, str]:
        """A case that somebody has, by them; if none is held, any by anybody."""
        engine, _, case_id = self._of(n, ANA, *(states or HELD))
        by = self.office.case(case_id).leased_by
        return engine, next((one for one in PEOPLE if one.id == by), ANA), case_id

    def holds(self) -> None:
        """Everything that is true of cases at any moment."""
        cases, acts = self.office.cases(), self.office.acts()
        rows = self.office.rows("case_alerts")
        for case in cases:
            self._is_whole(case)
        verbs = Counter(act.verb for act in acts if act.object.startswith("case:"))
        merged = sum(case.merged_into is not None for case in cases)
        backlog = sum(case.state in OPEN for case in cases)
        assert backlog == len(cases) + verbs["reopen"] - verbs["close"] - merged
        has = {str(row["case_id"]) for row in rows if row["current"]}
        assert has.isdisjoint(case.case_id for case in cases if case.merged_into)
        self._stays_closed(cases, rows)

    def _is_whole(self, case: Case) -> None:
        assert case.queue in self.office.terms.desks.queues
        assert of_json(case.sla).policy == "standard"
        assert case.first_action_due <= case.resolve_due
        assert (case.state in HELD) is (case.leased_by is not None)
        assert (case.leased_by is None) is (case.leased_until is None)
        assert (case.state is CaseState.CLOSED) is (case.closed_at is not None)
        restricted = self.office.terms.desks.queues[case.queue].restricted
        assert case.restricted is restricted
        paused = any(end is None for _, end in case.pauses)
        assert not paused or case.state is CaseState.NEEDS_INFO

    def _stays_closed(self, cases: list[Case], rows: list[dict[str, object]]) -> None:
        """What was closed when its window ended is never touched again."""
        for case in cases:
            mine: dict[str, int] = {
                str(row["alert_id"]): int(str(row["findings"]))
                for row in rows
                if row["case_id"] == case.case_id and row["current"]
            }
            if case.case_id in self.over:
                before, had = self.over[case.case_id]
                assert before == case
                assert mine.items() <= had.items()
            elif case.reopen_until and self.now > case.reopen_until + timedelta(minutes=10):
                self.over[case.case_id] = (case, mine)


ACTS: dict[str, Callable[[Sim, int], None]] = {
    name: getattr(Sim, name)
    for name in (
        *(
            "found",
            "opens",
            "next",
            "works",
            "claim",
            "review",
            "release",
            "renew",
            "ask",
            "answer",
        ),
        *("escalate", "assign", "decide", "merge", "split", "reopen", "missed", "expire"),
    )
}
OFTEN = ("found", "found", "opens", "opens", "works", "works", "decide", "decide")


def walked(sim: Sim) -> None:
    """Every case went only ways that the table of states has."""
    states: dict[str, set[CaseState]] = {}
    for act in sim.office.acts():
        if not act.object.startswith("case:"):
            continue
        if act.object not in states:
            assert act.verb in {"open", "split"}
            states[act.object] = {CaseState.NEW}
            continue
        before = states[act.object]
        after = {to for (of, to), rule in CASE.items() if rule.verb == act.verb and of in before}
        states[act.object] = after | (before if act.verb in STAYS else set())
        assert states[act.object]
    for case in sim.office.cases():
        assert case.state in states[f"case:{case.case_id}"]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([*ACTS, *OFTEN]),
            st.integers(min_value=0, max_value=11),
            st.sampled_from(LATER),
        ),
        min_size=4,
        max_size=24,
    )
)
def test_whatever_people_do_and_whenever_cases_stay_whole(
    ledger: Engine, steps: list[tuple[str, int, int]]
) -> None:
    emptied(ledger)
    sim = Sim(Office(ledger, links={"b": ["ring"], "c": ["ring"]}))
    sim.found(0)
    sim.opens(0)
    for name, n, minutes in steps:
        sim.now += timedelta(minutes=minutes)
        before = len(sim.office.acts())
        try:
            ACTS[name](sim, n)
        except CaseError:
            assert len(sim.office.acts()) == before
        sim.holds()
    walked(sim)
    assert sim.office.is_sound()
