"""Simulated reviewers: they work their shifts, take what is next, and decide by policy."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.operations.office import Office
from benchmarks.operations.people import Reviewer
from benchmarks.operations.truth import draw
from monitors.harms import Harm
from orchestration.alerts.records import Alert
from orchestration.appeals.codes import Outcome as Answer
from orchestration.appeals.decide import decide_appeal
from orchestration.appeals.errors import AppealError
from orchestration.appeals.review import next_appeal
from orchestration.cases.acts import review
from orchestration.cases.decide import decide
from orchestration.cases.errors import CaseError
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.members import members
from orchestration.cases.queue import next_case
from orchestration.ledger.appeals import Appeal
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.ledger.database import reading
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import one
from orchestration.policies.policy import Policy

APPEAL = timedelta(minutes=20)
UNSURE = 0.04  # of alerts are not decided either way
TAKEN_IN = 0.10  # of those who look fine are spared where the bad monitor's evidence misleads
CAREFUL = 0.5  # of one's errors are made again in an appeal, where all is looked at twice
LIGHTER = 0.1  # of those rightly suspended for good are shown to be too severe
SUSPENDED, SHORTER = "suspend_account", "suspend_24h"


@dataclass
class Desk:
    """A reviewer at work. `misled`: monitors that everybody believes until it is known better."""

    office: Office
    reviewer: Reviewer
    misled: Collection[str]

    def __post_init__(self) -> None:
        self.who = self.office.person(self.reviewer.id)
        self.name = self.reviewer.id

    def works(self) -> None:
        """Take what is next, an appeal first, if it is their shift."""
        office, now = self.office, self.office.clock()
        if not self.reviewer.works(now):
            office.at(self.reviewer.next_shift(now), self.works)
            return
        authors = self.authors
        appeal = next_appeal(office.engine, self.who, office.terms, now, authors=authors)
        if appeal is not None:
            office.at(now + APPEAL, lambda: self._answers(appeal))
            return
        case = next_case(office.engine, self.who, office.terms, now)
        if case is None:
            office.idle.append(self.works)
            return
        if case.state is CaseState.ASSIGNED:
            review(office.engine, self.who, case.case_id, terms=office.terms, now=now)
        office.at(now + timedelta(minutes=self.reviewer.minutes), lambda: self._decides(case))

    def authors(self, monitor: str) -> Collection[str]:
        """Who wrote a monitor."""
        return self.office.working.alerting.registry.monitors[monitor].authors

    def _decides(self, case: Case) -> None:
        office, now = self.office, self.office.clock()
        policy = office.terms.policies.of_harm(Harm(case.harm))
        with reading(office.engine) as connection:
            alerts = members(connection, [case.case_id])[case.case_id].alerts
            true = office.known.alerts(connection, [alert.alert_id for alert in alerts])
        chosen = {
            alert.alert_id: self._outcome(alert, policy, guilty=true[alert.alert_id])
            for alert in alerts
        }
        fits = policy.id if policy else None
        try:
            decide(office.engine, self.who, case.case_id, chosen, fits, terms=office.terms, now=now)
        except CaseError:
            office.seen["decisions refused"] += 1
        self.works()

    def _outcome(self, alert: Alert, policy: Policy | None, *, guilty: bool) -> Outcome:
        if draw("unsure", self.name, alert.alert_id) < UNSURE:
            return Outcome(Verdict.INSUFFICIENT)
        if not self._calls(alert, guilty=guilty):
            return Outcome(Verdict.BENIGN)
        if policy is None:
            return Outcome(Verdict.NO_POLICY)
        return Outcome(Verdict.VIOLATING, self._action(alert, policy))

    def _calls(self, alert: Alert, *, guilty: bool) -> bool:
        """Whether they hold an alert for right."""
        drawn = draw("verdict", self.name, alert.alert_id)
        spares = TAKEN_IN if alert.monitor in self.misled else self.reviewer.spares
        return drawn < self.reviewer.finds if guilty else drawn >= spares

    def _action(self, alert: Alert, policy: Policy) -> str | None:
        """What the monitor proposes if policy allows it, else the first that can be done to it."""
        proposed = self.office.working.alerting.registry.monitors[alert.monitor].action
        return next(iter(self._fitting(alert, policy, proposed)), None)

    def _fitting(self, alert: Alert, policy: Policy, proposed: str) -> Iterable[str]:
        rules = self.office.terms.enforcement
        for name in dict.fromkeys([proposed, *policy.actions]):
            action = rules.actions.get(name)
            if action is None or name not in policy.actions:
                continue
            each = action.each_member and name == proposed
            if each or (not action.each_member and alert.entity_type in action.target_types):
                yield name

    def _answers(self, appeal: Appeal) -> None:
        office, now = self.office, self.office.clock()
        with reading(office.engine) as connection:
            row = one(connection, ENFORCEMENTS, appeal.enforcement_id)
            guilty = office.known.rows(connection, [row])[row.enforcement_id]
        right = self.reviewer.finds if guilty else self.reviewer.spares
        errs = draw("appeal", self.name, appeal.appeal_id) < (1 - right) * CAREFUL
        outcome, why, action = Answer.UPHELD, "violation_confirmed", None
        if guilty == errs:
            outcome, why = Answer.OVERTURNED, "no_violation"
        elif row.action == SUSPENDED and draw("severe", row.enforcement_id) < LIGHTER:
            outcome, why, action = Answer.PARTIAL, "too_severe", SHORTER
        try:
            self._says(appeal, outcome, why, action, now)
        except AppealError:
            if outcome is not Answer.PARTIAL:
                office.seen["appeals that could not be decided"] += 1
            else:
                self._says(appeal, Answer.UPHELD, "violation_confirmed", None, now)
        self.works()

    def _says(
        self, appeal: Appeal, outcome: Answer, why: str, action: str | None, now: datetime
    ) -> None:
        decide_appeal(
            self.office.engine,
            self.who,
            appeal.appeal_id,
            outcome,
            why,
            terms=self.office.terms,
            now=now,
            action=action,
            authors=self.authors,
        )
