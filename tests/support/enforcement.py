"""Planning in a few words: decisions about accounts, approvers, and what becomes of them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert, select

from monitors.contract import Mode, Monitor, Severity
from monitors.registry import registry
from orchestration.alerts.records import Alert, AlertState, Watched
from orchestration.cases.terms import Terms
from orchestration.enforcement.approve import Judged, Resumed, approve, resume
from orchestration.enforcement.auto import plan_auto
from orchestration.enforcement.plan import plan, unblock
from orchestration.enforcement.switches import throw
from orchestration.enforcement.targets import Targets
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import alerts, batches, decisions, outcomes
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from orchestration.policies.actions import Delay, Gate
from orchestration.pseudonyms import Pseudonyms
from tests.support.enforcement_case import case_about
from tests.support.executing import DRY, LIVE, terms_of
from tests.support.ledgers import NOON, act, alert, changed, opened
from tests.support.measuring import relabel, share_of

__all__ = ["DRY", "LIVE", "terms_of"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONITOR = "chat/mass_messages"
AUTHOR = "ndiaz"  # of the monitor


def somebody(name: str, *roles: Role) -> Person:
    """A person with roles, an approver if none is given."""
    return Person(name, f"U{name.upper()}", frozenset(roles or {Role.APPROVER}), ZoneInfo("UTC"))


ANA, BEN, CLEO = somebody("ana"), somebody("ben"), somebody("cleo")
WROTE, REVIEWER = somebody(AUTHOR), somebody("rita", Role.REVIEWER)


@dataclass
class Room:
    """A ledger with its names of accounts, and what is in force there."""

    engine: Engine
    home: Path
    terms: Terms = LIVE
    now: datetime = NOON + DAY
    active: int | None = 10_000
    monitors: dict[str, Monitor] = field(default_factory=lambda: dict(registry().monitors))
    unfit: str | None = None

    @property
    def targets(self) -> Targets:
        """Where targets are found."""
        return Targets(Lake(str(self.home / "lake")), Pseudonyms(self.home), self.monitors)

    def name(self, account: str) -> str:
        """The pseudonym of an account that is remembered."""
        return Pseudonyms(self.home).remember("account_id", [account])[account]

    def alert(self, alert_id: str, account: str, **more: Any) -> Alert:  # noqa: ANN401 - any part
        """An alert of spam that fires."""
        parts = {"harm": "spam", "monitor": MONITOR, "product": "chat", "version": 1, **more}
        kind = parts.pop("entity_type", "account_id")
        made = alert(alert_id, entity_type=kind, entity=self.name(account), **parts)
        with writing(self.engine) as connection:
            opened(connection, made)
            return changed(connection, act(1), alert_id, state=AlertState.FIRING)

    def decide(
        self,
        decision_id: str,
        *accounts: str,
        action: str | None = "suspend_24h",
        outcome: str = "violating",
        severity: Severity = Severity.S2,
        policy_id: str | None = "spam",
        **more: Any,  # noqa: ANN401 - other parts of a decision
    ) -> str:
        """A decision on one alert of each account, new ones opened.

        An alert is named after its account; of `amy/2` it is another one of amy.
        """
        with reading(self.engine) as connection:
            known = set(connection.scalars(select(alerts.c.alert_id)))
        for account in accounts:
            if f"a-{account}" not in known:
                self.alert(f"a-{account}", account.split("/")[0])
        row = {
            "decision_id": decision_id,
            "case_id": f"case-{decision_id}",
            "policy_id": policy_id,
            "policy_version": 1,
            "ground": "terms",
            "automated_detection": True,
            "automated_decision": "not",
            "decider": "rita",
            "decided_at": NOON + HOUR,
            "acted": False,
            **more,
        }
        judged = [
            {
                "decision_id": decision_id,
                "unit": f"a-{account}",
                "alert_id": f"a-{account}",
                "entity_type": "account_id",
                "entity": self.name(account.split("/")[0]),
                "outcome": outcome,
                "action": action,
            }
            for account in accounts
        ]
        with writing(self.engine) as connection:
            case = case_about(f"case-{decision_id}", severity)
            write(connection, CASES, before={}, after=[case], act=act())
            seq = append(connection, act=act(), verb="decide", object_id=f"decision:{decision_id}")
            connection.execute(insert(decisions), {**row, "audit_seq": seq})
            connection.execute(insert(outcomes), judged)
        return decision_id

    def plan(self) -> list[str]:
        """One tick of the planner."""
        return plan(
            self.engine,
            terms=self.terms,
            targets=self.targets,
            active=lambda _: self.active,
            now=self.now,
        )

    def plan_auto(self, mode: Mode = Mode.AUTO) -> list[str]:
        """One tick of what acts by itself, with the monitor in a mode."""
        return plan_auto(
            self.engine,
            terms=self.terms,
            watched={MONITOR: Watched(mode)},
            targets=self.targets,
            active=lambda _: self.active,
            fit=lambda _, __: self.unfit,
            now=self.now,
        )

    def unblock(self) -> list[str]:
        """Plan again what nothing blocks any more."""
        return unblock(self.engine, terms=self.terms, active=lambda _: self.active, now=self.now)

    def approve(self, who: Person, *ids: str, **more: Any) -> Judged:  # noqa: ANN401 - other parts
        """Somebody's yes, or another verdict."""
        given: dict[str, Any] = {"verdict": "approve", "reason": "looked at it", **more}
        return approve(
            self.engine,
            who=who,
            ids=ids,
            now=self.now,
            terms=self.terms,
            authors=self.authors,
            **given,
        )

    def resume(self, who: Person, batch_id: str) -> Resumed:
        """Somebody's wish that a batch goes on."""
        return resume(
            self.engine,
            who=who,
            batch_id=batch_id,
            terms=self.terms,
            active=lambda _: self.active,
            authors=self.authors,
            reason="the cap is raised",
            now=self.now,
        )

    def authors(self, monitor: str) -> tuple[str, ...]:
        """Who wrote a monitor."""
        return self.monitors[monitor].authors

    def throw(self, name: str, *, on: bool = True) -> bool:
        """Turn a kill switch."""
        return throw(self.engine, who=ANA, name=name, on=on, reason="a drill", now=self.now)

    def rows(self) -> dict[str, Enforcement]:
        """Every row."""
        with reading(self.engine) as connection:
            return where(connection, ENFORCEMENTS)

    def of(self, account: str) -> Enforcement:
        """The only row on an account."""
        (found,) = [row for row in self.rows().values() if row.target == self.name(account)]
        return found

    def states(self) -> dict[str, tuple[str, str | None]]:
        """State and code of each row, by its alert and action."""
        return {
            f"{row.alert_id} {row.action}": (row.state.value, row.code)
            for row in self.rows().values()
        }

    def batch(self, batch_id: str) -> dict[str, Any]:
        """A batch as it is."""
        with reading(self.engine) as connection:
            same = select(batches).where(batches.c.batch_id == batch_id)
            return dict(connection.execute(same).mappings().one())

    def retracted(self, alert_id: str) -> None:
        """Take back the only finding of an alert."""
        with writing(self.engine) as connection:
            changed(connection, act(2), alert_id, retracted=1)

    def reverse(self, account: str) -> None:
        """Undo what was applied on an account."""
        for state in ("reversing", "reversed"):
            self.move(account, state, standing=state == "reversing")

    def apply(self, account: str) -> None:
        """Carry out what is approved on an account."""
        self.move(account, "executing", executing_at=self.now)
        self.move(account, "applied", applied_at=self.now)

    def move(self, account: str, state: str, **more: Any) -> None:  # noqa: ANN401 - parts of a row
        """Move the row on an account that holds its slot."""
        name = self.name(account)
        before = {n: row for n, row in self.rows().items() if row.target == name and row.standing}
        after = [replace(row, state=EnforcementState(state), **more) for row in before.values()]
        assert len(after) == 1
        with writing(self.engine) as connection:
            write(
                connection, ENFORCEMENTS, before=before, after=after, act=act(60 * 24), verb="ask"
            )

    def measure(
        self,
        right: int,
        wrong: int = 0,
        *,
        version: int = 1,
        days: int = 0,
        share: int | None = 100,
    ) -> None:
        """Judge drawn units of the monitor, on alerts of their own, and roll it out to a share."""
        units = [f"m{version}-{number}" for number in range(right + wrong)]
        at = NOON - days * DAY
        made = [
            alert(unit, monitor=MONITOR, product="chat", harm="spam", version=version)
            for unit in units
        ]
        values = {unit: number < right for number, unit in enumerate(units)}
        with writing(self.engine) as connection:
            opened(connection, *made)
            relabel(connection, MONITOR, values, at=at, version=version)
        if share is not None:
            self.roll_out(share, version=version)

    def roll_out(self, percent: int, *, version: int = 1) -> None:
        """Set on how many entities the monitor's version may act."""
        share_of(self.engine, MONITOR, percent, version=version)


def changed_action(terms: Terms, name: str, **parts: Any) -> Terms:  # noqa: ANN401 - any part
    """The terms with an action that is different in some parts."""
    rules = terms.enforcement
    actions = {**rules.actions, name: replace(rules.actions[name], **parts)}
    return replace(terms, enforcement=replace(rules, actions=actions))


def eager(terms: Terms) -> Terms:
    """The terms with a short wait and an easy gate, so that few labels do."""
    gate = Gate(0.80, 14, 30 * DAY)
    return changed_action(terms, "restrict_messaging", gate=gate)


def waiting(terms: Terms) -> Terms:
    """The terms with a delay of one to two hours."""
    return changed_action(terms, "suspend_24h", delay=Delay(HOUR, 2 * HOUR))


def prompt(terms: Terms) -> Terms:
    """The terms without the delay of a suspension."""
    return changed_action(terms, "suspend_24h", delay=None)
