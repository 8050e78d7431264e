"""Opening cases: alerts become work with a queue, a score and a clock, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, and_, exists, or_, select

from monitors.contract import Mode
from orchestration.alerts.records import Alert, AlertState, Watched
from orchestration.cases.clocks import raised
from orchestration.cases.grouping import Grouped, Known, Links, group, lead, reach
from orchestration.cases.judging import Verdict
from orchestration.cases.making import OPENING, begin, reopened, rerouted, triaged
from orchestration.cases.members import (
    IS_CURRENT,
    Members,
    batches,
    count_findings,
    members,
    place,
    sizes,
)
from orchestration.cases.scoring import scored
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act
from orchestration.ledger.alerts import read_alert
from orchestration.ledger.case_states import OPEN, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import writing
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import alerts, case_alerts, case_entities, cases, outcomes
from orchestration.partitions import DAY
from orchestration.triage.desks import Source

OPENS = frozenset({Mode.REVIEW, Mode.AUTO})
FIRES = frozenset({AlertState.FIRING, AlertState.ACKED})


@dataclass(frozen=True, slots=True)
class Opened:
    """Cases that were opened or reopened, and alerts that came to, or grew in, an open one."""

    new: int = 0
    joined: int = 0
    reopened: int = 0


def open_cases(
    engine: Engine,
    terms: Terms,
    *,
    watched: Mapping[str, Watched],
    now: datetime,
    links: Links | None = None,
) -> Opened:
    """Give every alert that fires or was acked to the one case that it belongs to.

    Only alerts of monitors in review or auto; replays fire none. `links` say of an entity's
    pseudonym what it shares with others: those linked to it, a ring. What was done before is not
    done again. Restricted queues stay apart; a closed case whose window is over stays closed, and
    a new one refers to it.
    """
    act = Act(OPENING, now, "alerts become cases")
    with writing(engine) as connection:
        found = _found(connection, watched)
        if not found:
            return Opened()
        current = of_ids(connection, CASES, {case_id for _, case_id in found if case_id})
        grown: dict[str, list[Alert]] = {}
        loose: list[Alert] = []
        for alert, case_id in found:
            if case_id and current[case_id].state in OPEN:
                grown.setdefault(case_id, []).append(alert)
            else:
                loose.append(alert)
        count_findings(connection, grown)
        closed = {alert.alert_id: case_id for alert, case_id in found if case_id}
        known = _known(connection, loose, current, links or {})
        made = group(loose, closed, known, desks=terms.desks, links=links or {}, now=now)
        before = current | {one.case.case_id: one.case for one in known}
        return _write(connection, terms, before=before, grown=grown, made=made, act=act)


def _is_news(row: RowMapping) -> bool:
    """Whether an alert that was decided has more to say than what was decided.

    It is graver; or it was found as often again as the decision knew of; or it was violating and
    is still found a day later: what was done about it did not end it. All else was decided.
    """
    graver = row["severity"] < row["case_severity"]
    as_much_again = row["count"] >= 2 * row["findings"]
    decided_at = row["decided_at"]
    goes_on = row["violating"] and decided_at and row["last_seen"] > decided_at + DAY
    return bool(graver or as_much_again or goes_on)


def _found(
    connection: Connection, watched: Mapping[str, Watched]
) -> list[tuple[Alert, str | None]]:
    """Alerts that fire and are in no case, or have more to say than their case knows.

    Of a case that is over, only what is news to those who decided it.
    """
    more = or_(
        case_alerts.c.case_id.is_(None),
        case_alerts.c.findings < alerts.c.count,
        alerts.c.severity < cases.c.severity,
    )
    violating = exists().where(
        outcomes.c.alert_id == alerts.c.alert_id, outcomes.c.outcome == Verdict.VIOLATING
    )
    current = and_(case_alerts.c.alert_id == alerts.c.alert_id, IS_CURRENT)
    rows = (
        select(
            alerts,
            case_alerts.c.case_id,
            case_alerts.c.findings,
            cases.c.severity.label("case_severity"),
            cases.c.decided_at,
            cases.c.state.label("case_state"),
            violating.label("violating"),
        )
        .outerjoin(case_alerts, current)
        .outerjoin(cases, cases.c.case_id == case_alerts.c.case_id)
        .where(alerts.c.state.in_(sorted(FIRES)), alerts.c.shadow.is_(False), more)
        .order_by(alerts.c.opened_at, alerts.c.alert_id)
    )
    return [
        (read_alert(row), row["case_id"])
        for row in connection.execute(rows).mappings()
        if row["monitor"] in watched
        and watched[row["monitor"]].mode in OPENS
        and (row["case_id"] is None or row["case_state"] in OPEN or _is_news(row))
    ]


def _known(
    connection: Connection, loose: Sequence[Alert], current: Mapping[str, Case], links: Links
) -> list[Known]:
    """Cases that loose alerts may come to: of their entities and links, and those they were in."""
    near = sorted(reach({alert.entity for alert in loose}, links)) if loose else []
    found = {case_id: case for case_id, case in current.items() if case.state not in OPEN}
    for some in batches(near):
        ids = select(case_entities.c.case_id).where(case_entities.c.entity.in_(some))
        found |= where(connection, CASES, cases.c.case_id.in_(ids), cases.c.merged_into.is_(None))
    have, counted = members(connection, found), sizes(connection, found)
    return [
        Known(case, have[case_id].entities, counted[case_id])
        for case_id, case in sorted(found.items())
        if case.merged_into is None
    ]


def _write(
    connection: Connection,
    terms: Terms,
    *,
    before: Mapping[str, Case],
    grown: Mapping[str, Sequence[Alert]],
    made: Grouped,
    act: Act,
) -> Opened:
    """Write the cases as they have become, and who is in which."""
    fresh = {}
    for some, related in made.fresh:
        case = begin(terms, some, before[related] if related else None, act.at, Source.ALERT)
        fresh[case.case_id] = (case, some)
    place(connection, {**made.joined, **{key: some for key, (_, some) in fresh.items()}}, act)
    again = {
        case_id: reopened(before[case_id], terms, made.joined[case_id], act.at)
        for case_id in sorted(made.reopened)
    }
    touched = [case_id for case_id in {**grown, **made.joined} if case_id not in again]
    have = members(connection, [*touched, *again, *fresh])
    more = {key: _grown(before[key], terms, have[key], act.at) for key in sorted(touched)}
    new = {case_id: case for case_id, (case, _) in fresh.items()}
    after = scored(connection, terms, {**more, **again, **new}, have, act.at)
    old = {case_id: before[case_id] for case_id in (*more, *again)}
    changed = [after[case_id] for case_id in old]
    write(connection, CASES, before=old, after=changed, act=act, verb="raise")
    write(connection, CASES, before={}, after=[after[case_id] for case_id in new], act=act)
    triaged(connection, {case_id: after[case_id] for case_id in (*again, *new)}, act)
    joined = sum(len(some) for case_id, some in made.joined.items() if case_id not in again)
    return Opened(len(new), joined + sum(map(len, grown.values())), len(again))


def _grown(case: Case, terms: Terms, have: Members, now: datetime) -> Case:
    """An open case whose alerts became more; a graver one that nobody has is routed anew."""
    first = lead(have.alerts)
    after = replace(raised(case, first.severity, now), revision=case.revision + 1)
    if after.severity == case.severity:
        return after
    after = replace(after, changed_at=now)
    if case.state is not CaseState.TRIAGED:
        return after
    return rerouted(after, terms.desks, first)
