"""Where policies fall short, and its gaps: what none fits, is disagreed on or was overturned."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, select, update

from orchestration.cases.errors import CaseError
from orchestration.cases.judging import Verdict
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.ids import digest_record
from orchestration.ledger.tables import appeals, cases, decisions, enforcements, gaps, outcomes
from orchestration.oncall.people import Person, require

Kind = Literal["no_policy", "disagreement", "overturned", "open"]
SAID = (Verdict.VIOLATING.value, Verdict.BENIGN.value)
WON = (AppealState.OVERTURNED.value, AppealState.PARTIAL.value)


@dataclass(frozen=True, slots=True, order=True)
class GapRow:
    """One line of the report, with its count.

    `no_policy`: units that no policy fits. `disagreement`: entities that different people judged
    differently by one policy. `overturned`: enforcements that appeals took back, in part or whole.
    `open`: gaps that nobody closed, whenever opened, of the kind in `of`. Empty: not told apart.
    """

    kind: Kind
    policy: str
    product: str
    harm: str
    of: str
    n: int


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap that nobody closed: `missed` by every monitor, or of `no_policy`.

    A null `policy_id` is of no policy.
    """

    gap_id: str
    kind: str
    case_id: str
    product: str
    harm: str
    policy_id: str | None
    opened_at: datetime
    opened_by: str


OPENED = list(OpenGap.__dataclass_fields__)


def policy_gaps(connection: Connection, since: datetime) -> list[GapRow]:
    """The report on what was decided from a moment on, in order of kind, policy and product."""
    return sorted(
        [
            *_without_policy(connection, since),
            *_disagreements(connection, since),
            *_overturned(connection, since),
            *_open(connection),
        ]
    )


def _without_policy(connection: Connection, since: datetime) -> list[GapRow]:
    rows = (
        select(cases.c.product, cases.c.harm, func.count())
        .select_from(outcomes)
        .join(decisions, decisions.c.decision_id == outcomes.c.decision_id)
        .join(cases, cases.c.case_id == decisions.c.case_id)
        .where(decisions.c.decided_at >= since, outcomes.c.outcome == Verdict.NO_POLICY.value)
        .group_by(cases.c.product, cases.c.harm)
    )
    return [
        GapRow("no_policy", "", product, harm, "", n)
        for product, harm, n in connection.execute(rows)
    ]


def _disagreements(connection: Connection, since: datetime) -> list[GapRow]:
    d, o = decisions.c, outcomes.c
    rows = (
        select(d.policy_id, o.entity_type, o.entity, d.decider, o.outcome)
        .join(outcomes, o.decision_id == d.decision_id)
        .where(d.decided_at >= since, d.policy_id.is_not(None), o.outcome.in_(SAID))
    )
    said: defaultdict[tuple[str, str, str], set[tuple[str, str]]] = defaultdict(set)
    for policy, kind, entity, decider, verdict in connection.execute(rows):
        said[policy, kind, entity].add((decider, verdict))
    counted = Counter(policy for (policy, _, _), opinions in said.items() if _differ(opinions))
    return [GapRow("disagreement", policy, "", "", "", n) for policy, n in counted.items()]


def _differ(opinions: set[tuple[str, str]]) -> bool:
    """Whether two people said different things; who changed their own mind does not count."""
    return any(one != other and this != that for one, this in opinions for other, that in opinions)


def _overturned(connection: Connection, since: datetime) -> list[GapRow]:
    rows = (
        select(enforcements.c.policy_id, enforcements.c.product, func.count())
        .join(appeals, appeals.c.enforcement_id == enforcements.c.enforcement_id)
        .where(appeals.c.decided_at >= since, appeals.c.outcome.in_(WON))
        .group_by(enforcements.c.policy_id, enforcements.c.product)
    )
    return [
        GapRow("overturned", policy, product, "", "", n)
        for policy, product, n in connection.execute(rows)
    ]


def _open(connection: Connection) -> list[GapRow]:
    g = gaps.c
    groups = (g.kind, g.product, g.harm, g.policy_id)
    rows = select(*groups, func.count()).where(g.closed_at.is_(None)).group_by(*groups)
    return [
        GapRow("open", policy or "", product, harm, kind, n)
        for kind, product, harm, policy, n in connection.execute(rows)
    ]


def open_gaps(connection: Connection) -> list[OpenGap]:
    """Gaps that nobody closed, the oldest first."""
    rows = select(*(gaps.c[name] for name in OPENED)).where(gaps.c.closed_at.is_(None))
    ordered = rows.order_by(gaps.c.opened_at, gaps.c.gap_id)
    return [OpenGap(**row) for row in connection.execute(ordered).mappings()]


def close_gap(
    engine: Engine, who: Person, gap_id: str, *, monitor: str | None, reason: str, now: datetime
) -> OpenGap:
    """Close a gap, once; the gap as it was open. `monitor` catches such things now, if one does.

    Its name stands before the reason in the audit. Raises PeopleError for who may not open a case,
    and CaseError, with nothing changed, for no gap and for one that is closed.
    """
    require(who, "open_case")
    with writing(engine) as connection:
        gap = _still_open(connection, gap_id)
        before: dict[str, Any] = {name: getattr(gap, name) for name in OPENED}
        closing = {"closed_at": now, "closed_by": who.id}
        append(
            connection,
            act=Act(Actor(who.id, "person"), now, f"{monitor}: {reason}" if monitor else reason),
            verb="close_gap",
            object_id=f"gap:{gap_id}",
            before=digest_record(before),
            after=digest_record({**before, **closing}),
        )
        connection.execute(update(gaps).where(gaps.c.gap_id == gap_id).values(**closing))
    return gap


def _still_open(connection: Connection, gap_id: str) -> OpenGap:
    found = connection.execute(select(gaps).where(gaps.c.gap_id == gap_id)).mappings().one_or_none()
    if found is None:
        raise CaseError(f"There is no gap {gap_id}; wanted one that is open. List those.")
    if found["closed_at"] is not None:
        raise CaseError(
            f"{found['closed_by']} closed the gap {gap_id} at {found['closed_at']}; nothing was "
            "changed. What is missed again opens a gap of its own."
        )
    return OpenGap(**{name: found[name] for name in OPENED})
