"""Evidence of a case: what was found, by which monitors, and what the policy says."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Engine

from monitors.columns import TIMESTAMP, schema
from monitors.contract import Monitor
from monitors.harms import Harm
from monitors.registry import Registry
from monitors.registry import registry as shipped
from orchestration.alerts.records import Alert
from orchestration.cases.findings import MOST, findings_of
from orchestration.cases.grouping import HARMS
from orchestration.cases.holding import require_skills
from orchestration.cases.members import members
from orchestration.cases.terms import Terms
from orchestration.lake import Lake
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.ids import ID
from orchestration.ledger.machines import one
from orchestration.oncall.people import Person, require
from orchestration.policies.policy import Policy

SHOWN = schema(
    {
        "alert_id": pl.String,
        "monitor": pl.String,
        "version": pl.Int64,
        "entity_type": pl.String,
        "entity": pl.String,
        "window_start": TIMESTAMP,
        "window_end": TIMESTAMP,
        "score": pl.Float64,
        "threshold": pl.Float64,
        "times_threshold": pl.Float64,
        "standing": pl.Boolean,
        "evidence": pl.String,
        "finding_id": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Watching:
    """A monitor as its own documentation tells it. Empty where it does not say, or is gone."""

    monitor: str
    version: int
    behaviour: str = ""
    threshold: str = ""
    misses: str = ""
    false_alarms: str = ""
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for or against a case.

    `findings`: the newest first, with pseudonyms and the columns of SHOWN; `evidence` is JSON of
    ids, counts and hashes. `times_threshold` is null for a threshold of 0. `left_out`: older
    findings over the limit; `gone`: those the lake has no more. `policy` is the one of the case's
    harm that is in force, None where there is none.
    """

    case: Case
    alerts: tuple[Alert, ...]
    findings: pl.DataFrame
    left_out: int
    gone: int
    monitors: tuple[Watching, ...]
    policy: Policy | None


def evidence(
    engine: Engine,
    lake: Lake,
    terms: Terms,
    *,
    who: Person,
    case_id: str,
    registry: Registry | None = None,
    most: int = MOST,
) -> Evidence:
    """The evidence of a case, for reviewers; of a restricted one for those with its skills.

    Raises PeopleError or CaseError for others, and LedgerError where there is no such case.
    """
    require(who, "review")
    with reading(engine) as connection:
        case = one(connection, CASES, case_id)
        if case.restricted:
            require_skills(who, terms.desks, case)
        alerts = members(connection, [case_id])[case_id].alerts
        found = findings_of(connection, lake, [alert.alert_id for alert in alerts], most=most)
    return Evidence(
        case=case,
        alerts=tuple(alerts),
        findings=_shown(found.rows, alerts),
        left_out=found.left_out,
        gone=found.gone,
        monitors=_watching(alerts, (registry or shipped()).monitors),
        policy=terms.policies.of_harm(Harm(case.harm)) if case.harm in HARMS else None,
    )


def by_id(packed: str | None) -> str:
    """Evidence as JSON in which every text is an id, a hash or a word; empty for none.

    A text with a space or an @ may be what somebody wrote, so only its length is told.
    """
    if not packed:
        return "{}"
    return json.dumps(_without_text(json.loads(packed)), sort_keys=True, ensure_ascii=False)


def _without_text(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return {key: _without_text(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_without_text(held) for held in value]
    if isinstance(value, str) and not ID.fullmatch(value):
        return f"({len(value)} characters)"
    return value


def _shown(rows: pl.DataFrame, alerts: Iterable[Alert]) -> pl.DataFrame:
    names = {alert.alert_id: alert.entity for alert in alerts}
    times = pl.when(pl.col("threshold") != 0).then(pl.col("score") / pl.col("threshold"))
    return rows.with_columns(
        entity=pl.col("alert_id").replace_strict(names, return_dtype=pl.String),
        monitor=pl.concat_str("product", "monitor", separator="/"),
        times_threshold=times,
        evidence=pl.col("evidence").map_elements(by_id, return_dtype=pl.String, skip_nulls=False),
    ).select(SHOWN.names())


def _watching(alerts: Iterable[Alert], monitors: Mapping[str, Monitor]) -> tuple[Watching, ...]:
    """Each monitor once, with the version of its newest alert."""
    versions = {alert.monitor: alert.version for alert in alerts}
    return tuple(
        _doc(monitor_id, version, monitors.get(monitor_id))
        for monitor_id, version in sorted(versions.items())
    )


def _doc(monitor_id: str, version: int, monitor: Monitor | None) -> Watching:
    if monitor is None:
        return Watching(monitor_id, version)
    return Watching(
        monitor_id,
        version,
        monitor.behaviour,
        monitor.section("Threshold"),
        monitor.section("Misses"),
        monitor.section("False alarms"),
        monitor.runbook,
    )
