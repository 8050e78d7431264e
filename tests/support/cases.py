"""Casework in a few words: alerts of the real reducer, desks, reviewers and what they do.

`python -m tests.support.cases URL NAME HOUR` is a process that takes every case that waits.
"""

import sys
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

import orchestration
from monitors.contract import Mode, Severity
from orchestration.alerts.records import Alert, Evaluation, Finding, Watched
from orchestration.cases.acts import review
from orchestration.cases.decide import Decided, decide
from orchestration.cases.grouping import Links
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.members import Members, members
from orchestration.cases.opening import Opened, open_cases
from orchestration.cases.queue import claim, next_case
from orchestration.cases.terms import Terms
from orchestration.ledger.audit import Entry, entries
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import connect, reading
from orchestration.ledger.machines import one, where
from orchestration.ledger.tables import metadata
from orchestration.oncall.hours import Hours
from orchestration.oncall.people import Person, Roster
from orchestration.oncall.roles import Role
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from orchestration.triage.clock import Goals
from orchestration.triage.desks import Appeals, Desks, Queue, Rule
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import SPAM, at, evaluation, finding

HERE = Path(orchestration.__file__).parent
MIDNIGHT = time()
ALWAYS = Hours("always", ZoneInfo("UTC"), MIDNIGHT, MIDNIGHT, frozenset(range(7)))
GOALS = (
    Goals(10, 120),
    Goals(60, 720),
    Goals(240, 1440, pauses=True),
    Goals(480, 4800, pauses=True),
)
OURS = frozenset({"case", "case_alerts", "case_reports", "decision", "gap", "label"})
REVIEWS = frozenset({Role.REVIEWER})


def queue(name: str, *skills: str, restricted: bool = False) -> Queue:
    """A queue that is open day and night."""
    return Queue(name, ALWAYS, "standard", REVIEWS, 20, restricted, frozenset(skills))


def rule(name: str, **match: str) -> Rule:
    """Cases with these traits go to the queue of the rule's name."""
    return Rule(name, {trait: frozenset({value}) for trait, value in match.items()}, name)


DESKS = Desks(
    hours={"always": ALWAYS},
    queues={
        one.id: one
        for one in (
            queue("general"),
            queue("fraud", "fraud"),
            queue("children", "children", restricted=True),
            queue("care", "care", restricted=True),
        )
    },
    policies={"standard": GOALS},
    rules=(
        rule("children", harm="child_safety"),
        rule("care", harm="self_harm"),
        rule("fraud", harm="fraud_scams"),
    ),
    default="general",
    weights={
        "severity": 0.35,
        "violating": 0.25,
        "reach": 0.15,
        "vulnerability": 0.1,
        "repeat": 0.1,
        "age": 0.05,
    },
    reopen_window=timedelta(days=14),
    ageing=0.8,
    lease=timedelta(minutes=30),
    largest_cluster=100,
    appeals=Appeals(ALWAYS, Goals(480, 2400)),
)


def person(name: str, *roles: Role, skills: tuple[str, ...] = ()) -> Person:
    """Somebody; a reviewer unless told otherwise."""
    slack = "U0" + name.upper().replace("-", "")
    return Person(
        name, slack, frozenset(roles or REVIEWS), ZoneInfo("UTC"), skills=frozenset(skills)
    )


ANA, BEN = person("ana"), person("ben")
CARA = person("cara", skills=("children", "fraud"))
LEAD = person("lea", Role.LEAD)
ENGINEER = person("eva", Role.ENGINEER)
VIEWER = person("vic", Role.VIEWER)
EVERYBODY = (ANA, BEN, CARA, LEAD, ENGINEER, VIEWER)
RULES = parse_enforcement(
    (HERE / "enforcement.yaml").read_text(encoding="utf-8"),
    sorted(path.name for path in (HERE.parent / "monitors").iterdir()),
)
POLICIES = parse_policies((HERE / "policies.yaml").read_text(encoding="utf-8"), RULES)
TERMS = Terms(DESKS, POLICIES, RULES, Roster(EVERYBODY), {}, "a seed", 0.5)
VIOLATING, BENIGN = Outcome(Verdict.VIOLATING), Outcome(Verdict.BENIGN)


@dataclass
class Office:
    """A ledger with alerts, cases and people. Hours count from the start of the builders."""

    engine: Engine
    terms: Terms = TERMS
    links: Links = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = Desk(self.engine)

    def watch(self, monitor: str = SPAM, mode: Mode = Mode.REVIEW) -> None:
        """Watch a monitor in a mode."""
        self.desk.watched[monitor] = Watched(mode, "team")

    def set(self, **changed: object) -> None:
        """Change queues.yaml, as an edit would."""
        desks = replace(self.terms.desks, **changed)  # type: ignore[arg-type]
        self.terms = replace(self.terms, desks=desks)

    def found(self, hour: int, *entities: str, monitor: str = SPAM, **changed: object) -> None:
        """The hour's evaluation of a monitor finds these entities; taken in after its end."""
        harm = str(changed.pop("harm", "spam"))
        severity = changed.pop("severity", Severity.S2)
        some = [
            replace(finding(hour, name, monitor=monitor, severity=severity), harm=harm)  # type: ignore[arg-type]
            for name in entities
        ]
        self.take(hour, evaluation(hour, monitor=monitor, **changed), *some)  # type: ignore[arg-type]

    def take(self, hour: int, made: Evaluation, *found: Finding) -> None:
        """Take in one evaluation, five minutes after the end of its hour."""
        self.desk.step(hour + 1 + 1 / 12, made, found=found)

    def open(self, hour: float) -> tuple[int, int, int]:
        """Open cases; how many are new, what joined, how many were reopened."""
        done = self.opened(at(hour))
        return done.new, done.joined, done.reopened

    def opened(self, now: datetime) -> Opened:
        """Open cases at a moment."""
        return open_cases(
            self.engine, self.terms, watched=self.desk.watched, now=now, links=self.links
        )

    def alert(self, entity: str, monitor: str = SPAM) -> Alert:
        """The alert of an entity."""
        return next(
            alert
            for alert in self.desk.alerts()
            if (alert.entity, alert.monitor) == (entity, monitor)
        )

    def cases(self) -> list[Case]:
        """Every case, the oldest first."""
        with reading(self.engine) as connection:
            found = where(connection, CASES).values()
        return sorted(found, key=lambda case: (case.opened_at, case.case_id))

    def case(self, case_id: str | None = None) -> Case:
        """One case; without an id the only one there is."""
        if case_id is None:
            (found,) = self.cases()
            return found
        with reading(self.engine) as connection:
            return one(connection, CASES, case_id)

    def case_of(self, entity: str, monitor: str = SPAM) -> Case:
        """The case that has an entity's alert now."""
        table = metadata.tables["case_alerts"]
        mine = table.c.alert_id == self.alert(entity, monitor).alert_id
        with reading(self.engine) as connection:
            ids = connection.execute(select(table.c.case_id).where(mine, table.c.current))
            return one(connection, CASES, ids.scalar_one())

    def members(self, case: Case) -> Members:
        """What a case is about."""
        with reading(self.engine) as connection:
            return members(connection, [case.case_id])[case.case_id]

    def entities(self, case: Case) -> list[str]:
        """Entities of the alerts that a case has now."""
        return sorted(alert.entity for alert in self.members(case).alerts)

    def reviewed(self, case: Case, hour: float, who: Person = ANA) -> Case:
        """Somebody takes the case and begins to review it."""
        claim(self.engine, who, case.case_id, terms=self.terms, now=at(hour))
        return review(self.engine, who, case.case_id, terms=self.terms, now=at(hour))

    def decided(
        self,
        case: Case,
        hour: float,
        outcome: Outcome = BENIGN,
        *,
        who: Person = ANA,
        policy: str | None = "spam",
    ) -> Decided:
        """Somebody takes a case, reviews it, and decides all its alerts in one way."""
        self.reviewed(case, hour, who)
        chosen = {alert.alert_id: outcome for alert in self.members(case).alerts}
        return decide(
            self.engine, who, case.case_id, chosen, policy, terms=self.terms, now=at(hour)
        )

    def rows(self, table: str) -> list[dict[str, object]]:
        """Rows of a table."""
        with reading(self.engine) as connection:
            every = connection.execute(select(metadata.tables[table])).mappings()
            return [dict(row) for row in every]

    def acts(self) -> list[Entry]:
        """The audit's rows about cases and what belongs to them, in order."""
        with reading(self.engine) as connection:
            every = list(entries(connection))
        return [entry for entry in every if entry.object.split(":")[0] in OURS]

    def is_sound(self) -> bool:
        """Whether every row is as its acts left it."""
        return self.desk.is_sound()


def main(url: str, name: str, hour: float) -> None:
    """Open cases and take every one that waits, printing the id of each."""
    office = Office(connect(url))
    office.open(hour)
    while case := next_case(office.engine, person(name), TERMS, at(hour)):
        print(case.case_id, flush=True)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
