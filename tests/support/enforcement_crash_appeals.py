"""What users and reviewers do in a house that acts: appeal, review, decide, withdraw."""

from orchestration.appeals.codes import RATIONALES, Outcome
from orchestration.appeals.decide import Decided, decide_appeal
from orchestration.appeals.receive import receive
from orchestration.appeals.review import claim, next_appeal, release, renew, withdraw
from orchestration.ledger.appeals import Appeal
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from tests.support.enforcement import CLEO, somebody
from tests.support.enforcement_crash_house import A, House, S
from tests.support.executing import PRODUCT

REVIEWERS = tuple(somebody(name, Role.REVIEWER) for name in ("sven", "lena", "tomi", "nora", "ugo"))
LIGHTER = {"suspend_24h": "restrict_messaging", "suspend_account": "suspend_24h"}


def appeals_one(house: House) -> None:
    """A user appeals, against what was done or against what was not; some twice."""
    rows = house.rows()
    if not rows:
        return
    done = [row for row in rows if row.executing_at] or rows
    likely = [row for row in done if row.state == "applied" and not row.reversal_id] or done
    row = house.rng.choice(likely if house.rng.random() < 0.9 else rows)
    reference = f"t-{len(house.appeals())}-{row.enforcement_id[:8]}"
    for _ in range(house.rng.choice((1, 1, 2))):
        house.ask(
            lambda: receive(
                house.engine,
                house.terms,
                product=PRODUCT,
                reference=reference,
                about=row.enforcement_id,
                reason="not_violating",
                now=house.clock(),
            )
        )


def reviews(house: House) -> None:
    """Somebody takes the next appeal, and decides it, or gives it back."""
    who = house.rng.choice(REVIEWERS)
    taken = house.ask(lambda: _taken(house, who))
    if taken is None:
        return
    if house.rng.random() < 0.3:  # they look again, and have it for longer
        house.ask(lambda: _taken(house, who))
    if house.rng.random() < 0.25:
        house.ask(lambda: release(house.engine, who, taken.appeal_id, now=house.clock()))
        return
    outcome = house.rng.choice(tuple(Outcome))
    decided = house.ask(lambda: _judged(house, who, taken, outcome))
    if decided is None:  # nothing lighter can be done there, or it was decided when all broke
        house.ask(lambda: _judged(house, who, taken, Outcome.OVERTURNED))


def withdraws(house: House) -> None:
    """A user wants no answer any more."""
    names = [one.appeal_id for one in house.appeals() if one.state in (A.QUEUED, A.RECEIVED)]
    if names:
        name = house.rng.choice(names)
        house.ask(lambda: withdraw(house.engine, name, now=house.clock()))


def finishes(house: House) -> None:
    """People do what is asked of them, so that nothing waits."""
    waiting = [row.enforcement_id for row in house.rows() if row.state is S.AWAITING]
    if waiting:
        house.ask(lambda: house.room.approve(CLEO, *waiting, verdict="refuse"))
    for who in REVIEWERS:
        while (taken := house.ask(lambda who=who: _taken(house, who))) is not None:  # type: ignore[misc]
            outcome = house.rng.choice((Outcome.UPHELD, Outcome.OVERTURNED))
            house.ask(lambda who=who: _judged(house, who, taken, outcome))  # type: ignore[misc]  # noqa: B023


def _taken(house: House, who: Person) -> Appeal | None:
    """The appeal that somebody has, or the next that they may have."""
    now = house.clock()
    for one in house.appeals():
        mine = one.state is A.IN_REVIEW and one.leased_by == who.id
        if mine and one.leased_until is not None and one.leased_until > now:
            return renew(house.engine, who, one.appeal_id, terms=house.terms, now=now)
    waiting = [one.appeal_id for one in house.appeals() if one.state is A.QUEUED]
    if waiting and house.rng.random() < 0.3:
        authors = house.room.authors
        return claim(house.engine, who, waiting[0], terms=house.terms, now=now, authors=authors)
    return next_appeal(house.engine, who, house.terms, now, authors=house.room.authors)


def _judged(house: House, who: Person, taken: Appeal, outcome: Outcome) -> Decided:
    row = next(row for row in house.rows() if row.enforcement_id == taken.enforcement_id)
    return decide_appeal(
        house.engine,
        who,
        taken.appeal_id,
        outcome,
        min(RATIONALES[outcome]),
        terms=house.terms,
        now=house.clock(),
        action=LIGHTER.get(row.action, "warn") if outcome is Outcome.PARTIAL else None,
        authors=house.room.authors,
    )
