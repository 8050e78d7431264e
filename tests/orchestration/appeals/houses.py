"""A house for appeals: decisions that were carried out over HTTP, and people who review them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from orchestration.appeals.codes import Outcome, Rationale
from orchestration.appeals.decide import Decided, decide_appeal
from orchestration.appeals.notices import Sent, send
from orchestration.appeals.receive import About, Received, receive
from orchestration.appeals.review import claim, next_appeal
from orchestration.cases.terms import Terms
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.database import reading
from orchestration.ledger.machines import one
from orchestration.ledger.verify import verify
from orchestration.oncall.people import Person, Roster
from orchestration.oncall.roles import Role
from orchestration.reference_service.faults import Faults
from tests.support.enforcement import ANA, DAY, REVIEWER, WROTE, Room, prompt, somebody
from tests.support.executing import LIVE, Floor
from tests.support.executing import floor as make_floor
from tests.support.ledgers import NOON

START = NOON + DAY  # Tuesday noon, in Dublin's business hours
SAM, TESS = somebody("sam", Role.REVIEWER), somebody("tess", Role.LEAD)
AUTHOR = replace(WROTE, roles=frozenset({Role.REVIEWER}))
APPROVER = replace(ANA, roles=frozenset({Role.APPROVER, Role.REVIEWER}))
PEOPLE = (SAM, TESS, REVIEWER, AUTHOR, APPROVER, somebody("vic", Role.VIEWER))
TERMS = replace(prompt(LIVE), roster=Roster(PEOPLE))
WHY = {
    Outcome.UPHELD: Rationale.VIOLATION_CONFIRMED,
    Outcome.OVERTURNED: Rationale.NO_VIOLATION,
    Outcome.PARTIAL: Rationale.TOO_SEVERE,
}


@dataclass
class House:
    """A ledger, a service, and their clock, which stands until it is moved."""

    floor: Floor
    room: Room

    @property
    def engine(self) -> Engine:
        return self.floor.engine

    @property
    def terms(self) -> Terms:
        return self.floor.terms

    @property
    def now(self) -> datetime:
        return self.floor.clock()

    def forward(self, **by: float) -> None:
        self.floor.clock.forward(**by)
        self.room.now = self.now

    def account(self, account: str) -> None:
        """An account that is active in the service."""
        fields = {"access": "active", "notice": None, "messaging": "open"}
        self.floor.client.put(account, "account_id", **fields)

    def planned(self, *accounts: str, action: str = "suspend_account", **more: Any) -> list[str]:  # noqa: ANN401 - parts of a decision
        """Ids of what rita decided about accounts in one decision, planned and approved by ana."""
        for account in accounts:
            self.account(account)
        known = set(self.room.rows())
        more = {"decision_id": f"d-{'-'.join(accounts)}", **more}
        self.room.decide(more.pop("decision_id"), *accounts, action=action, **more)
        self.room.plan()
        new = [row for name, row in self.room.rows().items() if name not in known]
        waiting = [row.enforcement_id for row in new if row.state == "awaiting_approval"]
        if waiting:
            self.room.approve(ANA, *waiting)
        by_target = {row.target: row.enforcement_id for row in new}
        return [by_target[self.room.name(account)] for account in accounts]

    def done(self, *accounts: str, action: str = "suspend_account", **more: Any) -> list[str]:  # noqa: ANN401 - parts of a decision
        """The same, carried out."""
        ids = self.planned(*accounts, action=action, **more)
        self.floor.run()
        return ids

    def receive(self, about: About, reference: str = "S-1", **more: Any) -> Received:  # noqa: ANN401 - its other arguments
        """Chat's support path hands an appeal on."""
        given = {"product": "chat", "reason": "not_violating", "now": self.now, **more}
        return receive(self.engine, self.terms, reference=reference, about=about, **given)

    def appealed(self, about: About, reference: str = "S-1") -> str:
        """The id of an appeal that was accepted."""
        found = self.receive(about, reference)
        assert found.appeal is not None
        assert found.appeal.state == "queued"
        return found.appeal.appeal_id

    def next(self, who: Person = SAM) -> Appeal | None:
        return next_appeal(self.engine, who, self.terms, self.now)

    def claim(self, appeal_id: str, who: Person = SAM) -> Appeal:
        return claim(self.engine, who, appeal_id, terms=self.terms, now=self.now)

    def decide(
        self,
        appeal_id: str,
        outcome: Outcome = Outcome.OVERTURNED,
        who: Person = SAM,
        **more: Any,  # noqa: ANN401 - its other arguments
    ) -> Decided:
        given = {"rationale": WHY[outcome], "terms": self.terms, "now": self.now, **more}
        return decide_appeal(self.engine, who, appeal_id, outcome, **given)

    def decided(
        self,
        enforcement_id: str,
        outcome: Outcome = Outcome.OVERTURNED,
        reference: str = "S-1",
        who: Person = SAM,
        **more: Any,  # noqa: ANN401 - its other arguments
    ) -> Decided:
        """Somebody appeals, and somebody takes and decides it."""
        appeal_id = self.appealed(enforcement_id, reference)
        self.claim(appeal_id, who)
        return self.decide(appeal_id, outcome, who, **more)

    def send(self, **more: Any) -> Sent:  # noqa: ANN401 - its other arguments
        given = {"executor": self.floor.executor, "terms": self.terms, "clock": self.floor.clock}
        return send(
            self.engine,
            entities_of=self.floor.names.entities_of,
            worker="n",
            deadline=DAY,
            **{**given, **more},
        )

    def appeal(self, appeal_id: str) -> Appeal:
        with reading(self.engine) as connection:
            return one(connection, APPEALS, appeal_id)

    def table(self, name: str) -> list[dict[str, Any]]:
        return self.floor.table(name)

    def notices(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and state of each notice of some kinds, in order."""
        rows = sorted(self.table("notices"), key=lambda row: int(row["audit_seq"]))
        return [(row["kind"], row["state"]) for row in rows if not kinds or row["kind"] in kinds]

    def is_sound(self) -> bool:
        with reading(self.engine) as connection:
            return not verify(connection, seals=[]).wrong


@contextmanager
def house(engine: Engine, folder: Path, *, faults: Faults | None = None) -> Iterator[House]:
    """A house whose service runs in this process."""
    with make_floor(engine, folder, faults=faults) as floor:
        floor.clock.now, floor.terms = START, TERMS
        room = Room(engine, floor.names.home, terms=TERMS, now=START)
        yield House(floor, room)
