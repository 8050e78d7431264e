"""Enforcements for tests of their execution: approved rows, a real service over HTTP, one clock."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert, select

from monitors.registry import registry
from orchestration.cases.terms import Terms
from orchestration.enforcement.execute import Ran, run
from orchestration.enforcement.reconcile import Reconciled, reconcile
from orchestration.enforcement.reverse import Asked, reverse_one
from orchestration.enforcement.undo import Undone, carry_out
from orchestration.executors.protocol import Executor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import batches, metadata
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from orchestration.pseudonyms import Pseudonyms
from orchestration.reference_service.faults import Faults
from tests.orchestration.reference_service.services import Client, Clock, running
from tests.orchestration.triage.builders import ROSTER, parse
from tests.support.ledgers import NOON, act

HERE = Path(__file__).parents[2] / "orchestration"
DAY = timedelta(days=1)
LEAD = Person("heron-7", "U0HERON7", frozenset({Role.LEAD, Role.APPROVER}), ZoneInfo("UTC"))
PRODUCT, MONITOR = "chat", "chat/mass_messages"
CLASSES = {
    "warn": "notice",
    "restrict_messaging": "messaging",
    "suspend_24h": "access",
    "suspend_account": "access",
    "terminate_account": "access",
}


def terms_of(mode: str = "live", **caps: Any) -> Terms:  # noqa: ANN401 - counts, and a share
    """The shipped terms in a mode, with other caps where told."""
    text = (HERE / "enforcement.yaml").read_text().replace("mode: dry_run", f"mode: {mode}")
    rules = parse_enforcement(text, registry().products)
    limits = {"per_run": 5000, "per_day": 5000, "per_monitor": 5000, "per_day_share": 1.0, **caps}
    rules = replace(rules, caps=replace(rules.caps, **limits))
    policies = parse_policies((HERE / "policies.yaml").read_text(), rules)
    return Terms(parse(), policies, rules, ROSTER, {}, "seed")


LIVE, DRY = terms_of(), terms_of("dry_run")


@dataclass
class Floor:
    """A ledger, a service and the names of accounts, under one clock that stands until moved."""

    engine: Engine
    client: Client
    clock: Clock
    names: Pseudonyms
    terms: Terms = LIVE
    active: int | None = 10_000
    executors: dict[str, Executor] = field(default_factory=dict)

    @property
    def executor(self) -> Executor:
        """The real one, over HTTP; waits of half a second, and no pauses."""
        if "http" not in self.executors:
            short = timedelta(seconds=0.5)
            self.executors["http"] = self.client.executor(timeout=short)
        return self.executors["http"]

    def approve(self, *accounts: str, action: str = "suspend_account", **more: Any) -> list[str]:  # noqa: ANN401 - any part of a row
        """Accounts that are active in the service, and an approved live row for each; their ids."""
        fields = {"access": "active", "notice": None, "messaging": "open"}
        everybody = [
            {"target_type": "account_id", "target": each, "fields": fields} for each in accounts
        ]
        assert self.client.ask("PUT", "/v1/targets", {"targets": everybody})[0] == 200
        return self.plan(*accounts, action=action, **more)

    def plan(self, *accounts: str, action: str = "suspend_account", **more: Any) -> list[str]:  # noqa: ANN401 - any part of a row
        """An approved live row for each account, as the planner leaves it; their ids."""
        names = self.names.remember("account_id", accounts)
        batch_id = more.pop("batch_id", f"b-{'-'.join(accounts)[:40]}-{action}")
        prefix = more.pop("prefix", "e")
        now = self.clock()
        planned = [
            replace(
                Enforcement(
                    enforcement_id=f"{prefix}-{each}-{action}",
                    idempotency_key=f"key-{prefix}-{each}-{action}",
                    batch_id=batch_id,
                    product=PRODUCT,
                    policy_id="spam",
                    policy_version=1,
                    target_type="account_id",
                    target=names[each],
                    action=action,
                    action_class=CLASSES[action],
                    mode="live",
                    state=EnforcementState.PLANNED,
                    automated="not",
                    needs=0,
                    planned_at=now,
                    not_before=now,
                    monitor=MONITOR,
                    version=1,
                ),
                **more,
            )
            for each in accounts
        ]
        with writing(self.engine) as connection:
            self._write(connection, planned, action)
        return [row.enforcement_id for row in planned]

    def _write(self, connection: Any, planned: list[Enforcement], action: str) -> None:  # noqa: ANN401 - a connection
        batch_id = planned[0].batch_id
        known = connection.execute(
            select(batches.c.batch_id).where(batches.c.batch_id == batch_id)
        ).all()
        if not known:
            seq = append(connection, act=act(), verb="plan", object_id=f"batch:{batch_id}")
            row = {"batch_id": batch_id, "audit_seq": seq, "source": "test", "mode": "live"}
            row |= {"planned_at": self.clock(), "size": len(planned), "preview": {}}
            connection.execute(insert(batches).values(**row))
        write(connection, ENFORCEMENTS, before={}, after=planned, act=act())
        before = {row.enforcement_id: row for row in planned}
        approved = [
            replace(
                row,
                state=EnforcementState.APPROVED,
                approved_at=self.clock(),
                standing=action != "warn" and row.mode == "live",
            )
            for row in planned
        ]
        write(connection, ENFORCEMENTS, before=before, after=approved, act=act())

    def run(self, *, executor: Executor | None = None, limit: int = 1000, **more: Any) -> Ran:  # noqa: ANN401 - its other arguments
        """Execute what is due."""
        given = {"engine": self.engine, "terms": self.terms, "worker": "w", **more}
        return run(
            executor=executor or self.executor,
            entities_of=self.names.entities_of,
            active=lambda _product: self.active,
            clock=self.clock,
            deadline=DAY,
            limit=limit,
            **given,
        )

    def reconcile(self) -> Reconciled:
        """Ask for what is unknown."""
        return reconcile(
            self.engine, executor=self.executor, terms=self.terms, clock=self.clock, deadline=DAY
        )

    def reverse(self, enforcement_id: str) -> Asked:
        """Ask that one be undone, by a lead."""
        return reverse_one(
            self.engine, who=LEAD, enforcement_id=enforcement_id, reason="wrong", now=self.clock()
        )

    def undo(self, **more: Any) -> Undone:  # noqa: ANN401 - its other arguments
        """Carry out reversals."""
        given: dict[str, Any] = {"executor": self.executor, "terms": self.terms, **more}
        return carry_out(
            self.engine,
            entities_of=self.names.entities_of,
            clock=self.clock,
            worker="u",
            deadline=DAY,
            **given,
        )

    def row(self, enforcement_id: str) -> Enforcement:
        """One row."""
        with reading(self.engine) as connection:
            return of_ids(connection, ENFORCEMENTS, [enforcement_id])[enforcement_id]

    def rows(self) -> dict[str, Enforcement]:
        """Every row."""
        with reading(self.engine) as connection:
            return where(connection, ENFORCEMENTS)

    def states(self) -> Counter[str]:
        """How many rows are in each state."""
        return Counter(str(row.state) for row in self.rows().values())

    def table(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table of the ledger."""
        with reading(self.engine) as connection:
            return [
                dict(row) for row in connection.execute(select(metadata.tables[name])).mappings()
            ]

    def value(self, account: str, name: str = "access") -> object:
        """What the service has of an account."""
        found = self.client.ask("GET", f"/v1/targets/account_id/{account}")[1]
        return found["fields"][name]["value"]

    def effects(self) -> Counter[tuple[str, str | None]]:
        """What the service did, by kind and key; keys stand for enforcements."""
        return Counter(
            (kind, key and key.removeprefix("key-")) for kind, key in self.client.effects()
        )

    def by_hand(self, account: str, value: str) -> None:
        """Somebody sets an account's access in the product."""
        self.client.put(account, "account_id", access=value)


@contextmanager
def floor(engine: Engine, folder: Path, *, faults: Faults | None = None) -> Iterator[Floor]:
    """A floor whose service runs in this process."""
    clock = Clock(NOON)
    folder.mkdir(exist_ok=True)
    with running(folder, faults=faults, clock=clock) as client:
        yield Floor(engine, client, clock, Pseudonyms(folder / "home"))


def hours(number: float) -> datetime:
    """So many hours after noon."""
    return NOON + timedelta(hours=number)
