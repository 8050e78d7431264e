"""The queue of appeals: who has which, for how long, and how one leaves it undecided."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, or_

from orchestration.appeals.errors import AppealError
from orchestration.appeals.receive import DESK, OPEN
from orchestration.appeals.reviewers import Authors, authors_of, bars_of, may_review
from orchestration.appeals.waiting import settle_waiting
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, one, where, write
from orchestration.ledger.tables import appeals
from orchestration.oncall.people import Person, require

RAN_OUT = "the lease ran out"
S = AppealState


@dataclass(frozen=True, slots=True)
class Deed:
    """A person's act on an appeal: the transaction, what it found, and what it is against."""

    connection: Connection
    who: Person
    now: datetime
    appeal: Appeal
    row: Enforcement

    def act(self, reason: str) -> Act:
        """The act, as the ledger takes it."""
        return Act(Actor(self.who.id, "person"), self.now, reason)

    def become(self, after: Appeal, reason: str) -> Appeal:
        """Write the appeal as it is after the act."""
        before = {self.appeal.appeal_id: self.appeal}
        write(self.connection, APPEALS, before=before, after=[after], act=self.act(reason))
        return after


@contextmanager
def begun(engine: Engine, who: Person, appeal_id: str, now: datetime) -> Iterator[Deed]:
    """A transaction for an act of somebody who decides appeals; an error undoes everything."""
    require(who, "decide_appeal")
    with writing(engine) as connection:
        appeal = one(connection, APPEALS, appeal_id)
        row = one(connection, ENFORCEMENTS, appeal.enforcement_id)
        yield Deed(connection, who, now, appeal, row)


def next_appeal(
    engine: Engine, who: Person, terms: Terms, now: datetime, *, authors: Authors = authors_of
) -> Appeal | None:
    """Take the appeal that is due first among those the person may review; None if none waits.

    Whoever takes one has it alone until the lease ends. Nobody is given what they had a part in:
    it stays for others. Raises PeopleError for somebody who decides no appeals.
    """
    require(who, "decide_appeal")
    settle_waiting(engine, now)
    with reading(engine) as connection:
        found = sorted(_waiting(connection, now).values(), key=_order)
        free = _allowed(connection, {one.appeal_id: one for one in found}, who, terms, authors)
    for appeal_id in free:
        with writing(engine) as connection:
            appeal = one(connection, APPEALS, appeal_id)  # somebody may have been faster
            if is_free(appeal, now) and _allowed(
                connection, {appeal_id: appeal}, who, terms, authors
            ):
                return _take(connection, appeal, who, terms, now)
    return None


def claim(
    engine: Engine,
    who: Person,
    appeal_id: str,
    *,
    terms: Terms,
    now: datetime,
    authors: Authors = authors_of,
) -> Appeal:
    """Take one appeal. AppealError if it does not wait, or the person had a part in it."""
    with begun(engine, who, appeal_id, now) as deed:
        require_apart(deed, terms, authors)
        if not is_free(deed.appeal, now):
            has = f"; {deed.appeal.leased_by} has it" if deed.appeal.leased_by else ""
            raise AppealError(
                f"The appeal {appeal_id} is {deed.appeal.state}{has}; wanted one that waits. "
                "Take the next."
            )
        return _take(deed.connection, deed.appeal, who, terms, now)


def renew(engine: Engine, who: Person, appeal_id: str, *, terms: Terms, now: datetime) -> Appeal:
    """Have an appeal for the whole time of a lease from now. AppealError unless they have it."""
    with begun(engine, who, appeal_id, now) as deed:
        require_held(deed)
        return deed.become(replace(deed.appeal, leased_until=now + terms.desks.lease), "renewed")


def release(engine: Engine, who: Person, appeal_id: str, *, now: datetime) -> Appeal:
    """Give an appeal back to the queue. AppealError unless the person has it."""
    with begun(engine, who, appeal_id, now) as deed:
        require_held(deed)
        return deed.become(_back(deed.appeal), "given back")


def expire_leases(engine: Engine, now: datetime) -> int:
    """Give back to the queue the appeals whose leases have run out; how many."""
    a = appeals.c
    late = or_(a.leased_until.is_(None), a.leased_until <= now)
    with writing(engine) as connection:
        over = where(connection, APPEALS, a.state == S.IN_REVIEW, late)
        _give_back(connection, over, now)
    return len(over)


def withdraw(engine: Engine, appeal_id: str, *, now: datetime, by: Person | None = None) -> Appeal:
    """End an open appeal as its user wishes; one that is withdrawn stays so.

    `by` who took the wish in, or None for the product's support path. Raises AppealError for one
    that is decided, PeopleError.
    """
    if by is not None:
        require(by, "receive_appeal")
    with writing(engine) as connection:
        appeal = one(connection, APPEALS, appeal_id)
        if appeal.state is S.WITHDRAWN:
            return appeal
        if appeal.state not in OPEN:
            raise AppealError(
                f"The appeal {appeal_id} is {appeal.state}; wanted an open one. It stays as it is."
            )
        after = replace(_free(appeal), state=S.WITHDRAWN)
        act = Act(DESK, now, "its user withdrew it", by.id if by else None)
        write(connection, APPEALS, before={appeal_id: appeal}, after=[after], act=act)
        return after


def is_free(appeal: Appeal, now: datetime) -> bool:
    """Whether it waits for somebody, or the time of who had it has run out."""
    return appeal.state is S.QUEUED or (appeal.state is S.IN_REVIEW and not _runs(appeal, now))


def require_held(deed: Deed) -> None:
    """Raise AppealError unless the person has the appeal in review, and time left."""
    appeal = deed.appeal
    if appeal.state is not S.IN_REVIEW or appeal.leased_by != deed.who.id:
        has = f" and {appeal.leased_by} has it" if appeal.leased_by else ""
        raise AppealError(
            f"The appeal {appeal.appeal_id} is {appeal.state}{has}; wanted one that "
            f"{deed.who.id} has in review. Take it first, when it waits."
        )
    if not _runs(appeal, deed.now):
        raise AppealError(
            f"{deed.who.id} had the appeal {appeal.appeal_id} until {appeal.leased_until}; it is "
            f"{deed.now} now. Take it again, and look at it as it is then."
        )


def require_apart(deed: Deed, terms: Terms, authors: Authors) -> None:
    """Raise AppealError if the person had a part in what the appeal is against."""
    rows = {deed.row.enforcement_id: deed.row}
    bars = bars_of(deed.connection, rows, desks=terms.desks, authors=authors)
    if may_review(deed.who, bars[deed.row.enforcement_id]):
        return
    if not bars[deed.row.enforcement_id].authors_known:
        raise AppealError(
            f"The authors of {deed.row.monitor} are not known, and {deed.who.id} could be one. "
            "Bring its file back; one that is deprecated will do."
        )
    raise AppealError(
        f"{deed.who.id} decided, approved or reviewed this before, wrote the monitor, or lacks a "
        "skill that its case asks for; leave the appeal to somebody else."
    )


def _waiting(connection: Connection, now: datetime) -> dict[str, Appeal]:
    a = appeals.c
    late = (a.state == S.IN_REVIEW) & (a.leased_until <= now)
    return where(connection, APPEALS, or_(a.state == S.QUEUED, late))


def _allowed(
    connection: Connection,
    found: Mapping[str, Appeal],
    who: Person,
    terms: Terms,
    authors: Authors,
) -> list[str]:
    """Ids of those that the person may review, in their order."""
    rows = of_ids(connection, ENFORCEMENTS, (one.enforcement_id for one in found.values()))
    bars = bars_of(connection, rows, desks=terms.desks, authors=authors)
    return [name for name, one in found.items() if may_review(who, bars[one.enforcement_id])]


def _order(appeal: Appeal) -> tuple[datetime, datetime, str]:
    return (appeal.due_at, appeal.received_at, appeal.appeal_id)


def _take(
    connection: Connection, appeal: Appeal, who: Person, terms: Terms, now: datetime
) -> Appeal:
    """Write that somebody has an appeal that is free, after the system took it from who had it."""
    if appeal.state is S.IN_REVIEW:
        appeal = _give_back(connection, {appeal.appeal_id: appeal}, now)[appeal.appeal_id]
    taken = replace(
        appeal,
        state=S.IN_REVIEW,
        reviewer=who.id,
        leased_by=who.id,
        leased_until=now + terms.desks.lease,
    )
    act = Act(Actor(who.id, "person"), now, "taken from the queue")
    write(connection, APPEALS, before={appeal.appeal_id: appeal}, after=[taken], act=act)
    return taken


def _give_back(
    connection: Connection, over: Mapping[str, Appeal], now: datetime
) -> dict[str, Appeal]:
    waiting = {name: _back(appeal) for name, appeal in over.items()}
    act = Act(DESK, now, RAN_OUT)
    write(connection, APPEALS, before=over, after=waiting.values(), act=act)
    return waiting


def _back(appeal: Appeal) -> Appeal:
    return replace(_free(appeal), state=S.QUEUED, reviewer=None)


def _free(appeal: Appeal) -> Appeal:
    return replace(appeal, leased_by=None, leased_until=None)


def _runs(appeal: Appeal, now: datetime) -> bool:
    return appeal.leased_until is not None and appeal.leased_until > now
