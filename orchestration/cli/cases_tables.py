"""Parts of a case as tables."""

from collections.abc import Iterable

import polars as pl
from sqlalchemy import Connection, select

from orchestration.cases.enrichment import Enriched
from orchestration.cases.evidence import Watching
from orchestration.cases.judging import units_of
from orchestration.cases.members import Members
from orchestration.cases.similar import Similar
from orchestration.cli.cases_rows import MOMENT
from orchestration.ledger.tables import audit
from orchestration.policies.policy import Policy

FACTS = {
    "entity": pl.String(),
    "fact": pl.String(),
    "value": pl.String(),
    "from": pl.String(),
    "as_of": MOMENT,
}


def units_table(have: Members) -> pl.DataFrame:
    """What is to be judged: alerts, and entities that no alert is about."""
    schema = {
        "unit": pl.String(),
        "entity": pl.String(),
        "monitor": pl.String(),
        "severity": pl.String(),
        "state": pl.String(),
        "findings": pl.Int64(),
        "last_seen": MOMENT,
    }
    rows = []
    for unit in units_of(have).values():
        alert = unit.alert
        more = (
            (alert.monitor, alert.severity.name, alert.state.value, alert.standing, alert.last_seen)
            if alert
            else (None,) * 5
        )
        rows.append((unit.id, unit.entity, *more))
    return pl.DataFrame(rows, schema=schema, orient="row")


def facts_table(known: list[Enriched]) -> pl.DataFrame:
    """One row for each fact, unknown ones too: a null is no 0."""
    rows = [
        (one.entity, fact.name, value_text(fact.value), fact.table, fact.as_of)
        for one in known
        for fact in one.facts
    ]
    return pl.DataFrame(rows, schema=FACTS, orient="row")


def value_text(value: object) -> str | None:
    """A fact's value as text; None for what is unknown."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def links_table(known: list[Enriched]) -> pl.DataFrame:
    """Accounts that share a device, payment, key or address with an entity of the case."""
    frames = [one.links.select(pl.lit(one.entity).alias("entity"), pl.all()) for one in known]
    return pl.concat(frames) if frames else pl.DataFrame()


def similar_table(found: list[Similar]) -> pl.DataFrame:
    """Decided cases, and how their units came out."""
    schema = {
        "case_id": pl.String(),
        "harm": pl.String(),
        "policy": pl.String(),
        "decided_at": MOMENT,
        "distance": pl.Float64(),
        **dict.fromkeys(("violating", "benign", "insufficient", "no_policy"), pl.Int64()),
    }
    rows = [
        (
            one.case_id,
            one.harm,
            f"{one.policy_id}/{one.policy_version}" if one.policy_id else None,
            one.decided_at,
            one.distance,
            *(one.outcomes[name] for name in list(schema)[5:]),
        )
        for one in found
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def policy_table(policy: Policy | None) -> pl.DataFrame:
    """The policy, a line for each of its parts."""
    if policy is None:
        return pl.DataFrame(schema={"part": pl.String(), "text": pl.String()})
    parts = {
        "policy": f"{policy.id}, version {policy.version}: {policy.title}",
        "not allowed": policy.text.not_allowed,
        "allowed": policy.text.allowed,
        "borderline": policy.text.borderline,
        "ground": f"{policy.ground.kind.value}: {policy.ground.clause}",
        "actions": ", ".join(policy.actions),
        "playbook": policy.playbook,
    }
    rows = [(part, _line(text)) for part, text in parts.items()]
    return pl.DataFrame(rows, schema={"part": pl.String(), "text": pl.String()}, orient="row")


def monitors_table(found: Iterable[Watching]) -> pl.DataFrame:
    """What each monitor says of itself, a line for each part."""
    schema = {"monitor": pl.String(), "part": pl.String(), "text": pl.String()}
    rows = [
        (f"{one.monitor}, version {one.version}", part.replace("_", " "), _line(text))
        for one in found
        for part in ("behaviour", "threshold", "misses", "false_alarms", "runbook")
        if (text := getattr(one, part))
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _line(text: str) -> str:
    return " ".join(text.split())


def life_table(connection: Connection, case_id: str) -> pl.DataFrame:
    """What was done to the case, oldest first."""
    schema = {"at": MOMENT, "who": pl.String(), "what": pl.String(), "why": pl.String()}
    objects = [f"{kind}:{case_id}" for kind in ("case", "case_alerts", "case_reports")]
    mine = select(audit.c.at, audit.c.actor, audit.c.verb, audit.c.reason).where(
        audit.c.object.in_(objects)
    )
    rows = connection.execute(mine.order_by(audit.c.seq)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
