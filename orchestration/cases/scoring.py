"""The triage score of cases: what the ledger knows of them, set against each other."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from monitors.harms import Harm
from orchestration.alerts.records import Alert
from orchestration.cases.clocks import used
from orchestration.cases.members import Entity, Members, batches
from orchestration.cases.terms import Terms
from orchestration.ledger.cases import Case
from orchestration.ledger.tables import strikes
from orchestration.measurement.quality import MonitorQuality, qualities
from orchestration.triage.score import Features, score

DAY = timedelta(days=1)
MOST_REACH = 100  # entities, or findings a day, from which a case reaches as far as counts
MOST_STRIKES = 3  # their weight from which an offender counts as a repeated one in full
# How vulnerable victims are as a rule. Of the others nothing can be said in general.
VULNERABLE: Mapping[str, float] = {
    Harm.CHILD_SAFETY: 1.0,
    Harm.SELF_HARM: 1.0,
    Harm.SEXUAL_CONTENT: 0.75,
    Harm.VIOLENCE_EXTREMISM: 0.75,
    Harm.HATE_HARASSMENT: 0.75,
    Harm.FRAUD_SCAMS: 0.5,
    Harm.ACCOUNT_TAKEOVER: 0.5,
    Harm.SPAM: 0.25,
    Harm.SCRAPING: 0.0,
    Harm.RESOURCE_ABUSE: 0.0,
}
Qualities = Mapping[tuple[str, int], MonitorQuality]


def scored(
    connection: Connection,
    terms: Terms,
    cases: Mapping[str, Case],
    have: Mapping[str, Members],
    now: datetime,
) -> dict[str, Case]:
    """The cases with the score of this moment; `have` are the members of each."""
    every = [have[case_id] for case_id in cases]
    versions = sorted({(alert.monitor, alert.version) for one in every for alert in one.alerts})
    known = qualities(connection, versions, now)
    weighed = _strikes(connection, {entity for one in every for entity in one.entities}, now)
    found = {}
    for case_id, case in cases.items():
        mine = have[case_id]
        features = Features(
            severity=case.severity,
            violating=_violating(mine, known),
            reach=_reach(mine, now),
            vulnerability=VULNERABLE.get(case.harm),
            repeat=_repeat(mine, weighed),
            age=min(1.0, used(case, now)),
        )
        result = score(features, terms.desks.weights)
        found[case_id] = replace(case, score=result.value, contributions=dict(result.contributions))
    return found


def _violating(mine: Members, known: Qualities) -> float | None:
    """The best measured precision among the monitors that found it; None if none is measured."""
    of_alerts = [known[alert.monitor, alert.version] for alert in mine.alerts]
    shares = [one.k / one.n for one in of_alerts if one.state == "measured"]
    return max(shares, default=None)


def _reach(mine: Members, now: datetime) -> float | None:
    """On a log scale the entities, or the findings a day if these are more; None for neither."""
    daily = sum(_per_day(alert, now) for alert in mine.alerts)
    most = max(daily, float(len(mine.entities)))
    return min(1.0, math.log1p(most) / math.log1p(MOST_REACH)) if most > 0 else None


def _per_day(alert: Alert, now: datetime) -> float:
    return alert.standing / max(1.0, (now - alert.first_seen) / DAY)


def _repeat(mine: Members, weighed: Mapping[Entity, int]) -> float:
    """The heaviest of its entities' strikes."""
    most = max((weighed.get(entity, 0) for entity in mine.entities), default=0)
    return min(1.0, most / MOST_STRIKES)


def _strikes(connection: Connection, entities: set[Entity], now: datetime) -> dict[Entity, int]:
    """The weight of the strikes that count against entities now."""
    found: dict[Entity, int] = {}
    for some in batches(sorted({name for _, name in entities})):
        rows = select(strikes.c.entity_type, strikes.c.entity, strikes.c.weight).where(
            strikes.c.entity.in_(some),
            strikes.c.removed_at.is_(None),
            strikes.c.expires_at > now,
        )
        for kind, name, weight in connection.execute(rows):
            found[kind, name] = found.get((kind, name), 0) + weight
    return found
