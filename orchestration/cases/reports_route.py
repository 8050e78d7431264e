"""Where reports come to: an open case about their target, or a new one once they weigh enough."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.cases.clocks import begun
from orchestration.cases.grouping import HARMS
from orchestration.cases.making import OPENING, case_id_of, triaged
from orchestration.cases.members import Entity, add_entities, batches, members
from orchestration.cases.scoring import scored
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.case_states import OPEN, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import case_entities, cases, reports
from orchestration.policies.policy import Policies
from orchestration.triage.desks import Source, Traits, sla_of
from orchestration.triage.route import route

UNKNOWN = "unknown"  # the harm of a case whose reports name none
# The weight that opens a case. Somebody of whom nothing was decided yet weighs 0.5: four of them
# are enough, and for what may cost a life one is. A whole campaign weighs about as one of them.
ENOUGH, ENOUGH_FOR_S0 = 2.0, 0.5
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class _Group:
    """Reports on one target of a product that no case has, with what they together say.

    `apart` is the queue that keeps them from others, if it is restricted.
    """

    target: Entity
    product: str
    harm: str
    severity: Severity
    queue: str
    rule: str
    apart: str
    ids: tuple[str, ...]
    weight: float


def route_reports(
    connection: Connection, terms: Terms, since: datetime, now: datetime
) -> tuple[int, int]:
    """Give undecided reports since a time to cases; how many cases were opened and joined.

    They join the open case about their target, restricted queues apart; without one they open a
    case when all that are not apart weigh enough together, and wait for others until then.
    """
    act = Act(OPENING, now, "reports become cases")
    opened = joined = 0
    for group in _groups(connection, terms, since):
        about = [case for case in _about(connection, group.target) if _apart(case) == group.apart]
        current = [case for case in about if case.state in OPEN]
        if current:
            _join(connection, current[0].case_id, group, act)
            joined += 1
        elif group.weight >= _enough(group.severity):
            closed = [case for case in about if case.closed_at is not None]
            _open(connection, terms, group, closed[-1] if closed else None, act)
            opened += 1
    return opened, joined


def _enough(severity: Severity) -> float:
    return (ENOUGH_FOR_S0 if severity is Severity.S0 else ENOUGH) - CLOSE


def _groups(connection: Connection, terms: Terms, since: datetime) -> list[_Group]:
    """What waits, in an order of its own: by target, product and restricted queue."""
    table = reports.c
    waiting = select(reports).where(
        table.case_id.is_(None), table.valid.is_(None), table.at >= since
    )
    rows: defaultdict[tuple[str, str, str, str], list[RowMapping]] = defaultdict(list)
    for row in connection.execute(waiting.order_by(table.at, table.report_id)).mappings():
        harm = harm_of(terms.policies, row["reason"])
        queue, _ = _queue(terms, row, harm)
        apart = queue if terms.desks.queues[queue].restricted else ""
        rows[row["target_type"], row["target"], row["product"], apart].append(row)
    return [_group(terms, key[3], rows[key]) for key in sorted(rows)]


def _group(terms: Terms, apart: str, rows: Sequence[RowMapping]) -> _Group:
    """Reports that come to one case, under the harm that the heaviest of them name.

    One that is grave enough to open a case by itself goes before; none at all goes last.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        weights[harm_of(terms.policies, row["reason"])] += row["weight"]
    severities = {harm: _severity(terms.policies, harm) for harm in weights}
    grave = {
        harm
        for harm, severity in severities.items()
        if severity is Severity.S0 and weights[harm] >= _enough(severity)
    }
    harm = min(weights, key=lambda one: (one not in grave, one == UNKNOWN, -weights[one], one))
    queue, rule = _queue(terms, rows[0], harm)
    return _Group(
        target=(rows[0]["target_type"], rows[0]["target"]),
        product=rows[0]["product"],
        harm=harm,
        severity=severities[harm],
        queue=queue,
        rule=rule,
        apart=apart,
        ids=tuple(row["report_id"] for row in rows),
        weight=weights[harm] if harm in grave else sum(weights.values()),
    )


def harm_of(policies: Policies, reason: str | None) -> str:
    """The harm that a reason names, by its own id or by that of a policy for one harm alone."""
    if reason in HARMS:
        return str(reason)
    policy = policies.by_id.get(reason or "")
    return str(next(iter(policy.harms))) if policy and len(policy.harms) == 1 else UNKNOWN


def _severity(policies: Policies, harm: str) -> Severity:
    """That of the harm's policy; S3, looked at within days, where nobody could name one."""
    policy = policies.of_harm(Harm(harm)) if harm in HARMS else None
    return policy.severity if policy else Severity.S3


def _queue(terms: Terms, row: RowMapping, harm: str) -> tuple[str, str]:
    known = Harm(harm) if harm in HARMS else None
    severity = _severity(terms.policies, harm)
    traits = Traits(known, row["product"], severity, Source.REPORT, row["target_type"])
    queue, rule = route(terms.desks, traits)
    return queue, rule or "default"


def _apart(case: Case) -> str:
    return case.queue if case.restricted else ""


def _about(connection: Connection, target: Entity) -> list[Case]:
    """Cases about the target that were not merged away, the oldest first."""
    ids = select(case_entities.c.case_id).where(
        case_entities.c.entity_type == target[0], case_entities.c.entity == target[1]
    )
    found = where(connection, CASES, cases.c.case_id.in_(ids), cases.c.merged_into.is_(None))
    return sorted(found.values(), key=lambda case: (case.opened_at, case.case_id))


def _join(connection: Connection, case_id: str, group: _Group, act: Act) -> None:
    for some in batches(group.ids):
        mine = update(reports).where(reports.c.report_id.in_(some))
        connection.execute(mine.values(case_id=case_id))
    change = Change("join", f"case_reports:{case_id}", after=digest_parts(*group.ids))
    append_all(connection, act=act, changes=[change])


def _open(
    connection: Connection, terms: Terms, group: _Group, related: Case | None, act: Act
) -> None:
    queue, severity = group.queue, group.severity
    cluster = digest_parts("reports", *group.target, group.product, group.harm, group.ids[0])
    case = Case(
        case_id=case_id_of(cluster),
        cluster_id=cluster,
        source=Source.REPORT.value,
        harm=group.harm,
        product=group.product,
        severity=severity,
        score=None,
        contributions={},
        queue=queue,
        rule=group.rule,
        restricted=terms.desks.queues[queue].restricted,
        state=CaseState.NEW,
        opened_at=act.at,
        changed_at=act.at,
        related_id=related.case_id if related else None,
        **begun(sla_of(terms.desks, queue), severity, act.at),
    )
    add_entities(connection, [(case.case_id, *group.target)], act)
    have = members(connection, [case.case_id])
    case = scored(connection, terms, {case.case_id: case}, have, act.at)[case.case_id]
    write(connection, CASES, before={}, after=[case], act=act)
    _join(connection, case.case_id, group, act)
    triaged(connection, {case.case_id: case}, act)
