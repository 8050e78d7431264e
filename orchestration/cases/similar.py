"""Similar cases that were decided: how others like it came out, never by whom."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from orchestration.alerts.records import Alert
from orchestration.cases.members import batches, members
from orchestration.ledger.alerts import read_alert
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.machines import of_ids, one
from orchestration.ledger.tables import alerts as alerts_table
from orchestration.ledger.tables import cases, decisions, outcomes

MOST = 10
LOOKED_AT = 500  # decisions: the newest of the same harm or monitor
KINDS = ("violating", "benign", "insufficient", "no_policy")
UNKNOWN = 1.0  # how far apart two are of which one has no score


@dataclass(frozen=True, slots=True)
class Similar:
    """A decided case. `monitors` are those that found this one too.

    `distance` is 0 for one of the same score with as many findings; it grows by 1 for the whole
    range of the score, and by 1 for e times the findings.
    """

    case_id: str
    harm: str
    monitors: tuple[str, ...]
    score: float | None
    findings: int
    distance: float
    policy_id: str | None
    policy_version: int | None
    decided_at: datetime
    outcomes: Mapping[str, int]


def similar(connection: Connection, case_id: str, *, most: int = MOST) -> list[Similar]:
    """Decided cases of the same monitor or harm: those that share a monitor first, then nearest.

    Of several decisions on a case the one that none supersedes counts. A restricted case is set
    beside those of its own queue only, and no other beside one that is restricted.
    """
    case = one(connection, CASES, case_id)
    own = members(connection, [case_id])[case_id].alerts
    known = _decided(connection, case, {alert.monitor for alert in own})
    alerts, counts = _units(connection, known)
    others = of_ids(connection, CASES, {row["case_id"] for row in known.values()})
    found = [
        _similar((case, own), (others[row["case_id"]], alerts[decision]), row, counts[decision])
        for decision, row in known.items()
    ]
    return sorted(found, key=lambda one: (-len(one.monitors), one.distance, one.case_id))[:most]


def total(found: Iterable[Similar]) -> dict[str, int]:
    """How many units of all of them came out how."""
    every = list(found)
    return {kind: sum(one.outcomes[kind] for one in every) for kind in KINDS}


def _decided(
    connection: Connection, case: Case, monitors: set[str]
) -> dict[str, Mapping[str, Any]]:
    """The newest decisions that stand on other cases of the harm or the monitors."""
    table = decisions.c
    replaced = select(table.supersedes).where(table.supersedes.is_not(None))
    same = (
        select(outcomes.c.decision_id)
        .join(alerts_table, alerts_table.c.alert_id == outcomes.c.alert_id)
        .where(alerts_table.c.monitor.in_(sorted(monitors)))
    )
    rows = (
        select(decisions)
        .join(cases, cases.c.case_id == table.case_id)
        .where(
            table.case_id != case.case_id,
            table.decision_id.not_in(replaced),
            or_(cases.c.harm == case.harm, table.decision_id.in_(same)),
            cases.c.restricted == case.restricted,
            *([cases.c.queue == case.queue] if case.restricted else []),
        )
        .order_by(table.decided_at.desc(), table.decision_id)
        .limit(LOOKED_AT)
    )
    return {row["decision_id"]: dict(row) for row in connection.execute(rows).mappings()}


def _units(
    connection: Connection, known: Iterable[str]
) -> tuple[dict[str, list[Alert]], dict[str, dict[str, int]]]:
    """The alerts that each decision was on, and how many of its units came out how."""
    found: defaultdict[str, list[Alert]] = defaultdict(list)
    counts: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    mine = alerts_table.c.alert_id == outcomes.c.alert_id
    for some in batches(known):
        units = select(outcomes).where(outcomes.c.decision_id.in_(some))
        for unit in connection.execute(units).mappings():
            counts[unit["decision_id"]][unit["outcome"]] += 1
        rows = select(alerts_table, outcomes.c.decision_id).join(outcomes, mine)
        those = rows.where(outcomes.c.decision_id.in_(some))
        for row in connection.execute(those).mappings():
            found[row["decision_id"]].append(read_alert(row))
    return found, counts


def _similar(
    this: tuple[Case, Sequence[Alert]],
    that: tuple[Case, Sequence[Alert]],
    row: Mapping[str, Any],
    counts: Mapping[str, int],
) -> Similar:
    (case, own), (other, alerts) = this, that
    shared = {alert.monitor for alert in own} & {alert.monitor for alert in alerts}
    mine, theirs = (sum(alert.standing for alert in some) for some in (own, alerts))
    apart = UNKNOWN
    if case.score is not None and other.score is not None:
        apart = abs(case.score - other.score) / 100
    distance = apart + abs(math.log1p(mine) - math.log1p(theirs))
    return Similar(
        case_id=other.case_id,
        harm=other.harm,
        monitors=tuple(sorted(shared)),
        score=other.score,
        findings=theirs,
        distance=round(distance, 4),
        policy_id=row["policy_id"],
        policy_version=row["policy_version"],
        decided_at=row["decided_at"],
        outcomes=dict(counts),
    )
