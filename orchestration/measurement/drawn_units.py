"""What was drawn of one monitor's version, and what people found of it, as frames."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import ColumnElement, Connection, select

from orchestration.ledger.labels import OF_DRAWS, Label, Source, labels_of, latest
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import alerts, gaps, plans, review_tasks, strata
from orchestration.measurement.weighted_strata import joined

FLAGGED, UNSCORED = "flagged", "null"
UNITS = pl.Schema(
    {
        "unit": pl.String,
        "stratum": pl.String,
        "inclusion_prob": pl.Float64,
        "value": pl.Boolean,
    }
)
STRATA = pl.Schema({"stratum": pl.String, "size": pl.Int64, "kept": pl.Int64, "drawn": pl.Int64})


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which version, from when until when, as of `now`, and by which policy version.

    `start` and `end` bound when the units were opened or scored; null is no bound. With
    `policy_version` only labels that cite it count.
    """

    monitor: str
    version: int
    now: datetime
    start: datetime | None = None
    end: datetime | None = None
    policy_version: str | None = None


@dataclass(frozen=True, slots=True)
class Windows:
    """Scored windows of `plans` plans: `strata`, summed, and a row for each drawn unit.

    The value of a unit is null where nobody has judged it.
    """

    plans: int
    strata: pl.DataFrame
    units: pl.DataFrame


def labels_for(connection: Connection, asked: Asked) -> list[Label]:
    """Every label of the version that was there `now`, by the policy version asked for."""
    wanted = asked.policy_version
    return [
        label
        for label in labels_of(connection, [(asked.monitor, asked.version)])
        if label.created_at <= asked.now and (wanted is None or label.policy_version == wanted)
    ]


def episodes_in(connection: Connection, asked: Asked, labels: Iterable[Label]) -> list[Label]:
    """The labels of episodes that were opened in the time asked for."""
    a = alerts.c
    mine = select(a.alert_id).where(a.monitor == asked.monitor, *_inside(asked, a.opened_at))
    there = set(connection.scalars(mine))
    return [label for label in labels if label.unit_id in there]


def windows_in(connection: Connection, asked: Asked, labels: Iterable[Label]) -> Windows:
    """What was drawn of the windows that the version scored in the time asked for."""
    p = plans.c
    mine = select(p.plan_id).where(*_of_windows(asked))
    plan_ids = sorted(connection.scalars(mine))
    judged = {label.unit_id: label.value for label in latest(_human(labels))}
    return Windows(
        len(plan_ids), _strata(connection, plan_ids), _units(connection, plan_ids, judged)
    )


def plans_for(connection: Connection, asked: Asked) -> list[tuple[datetime, datetime]]:
    """Start and end of each of these plans, oldest first."""
    p = plans.c
    mine = select(p.starts_at, p.ends_at).where(*_of_windows(asked)).order_by(p.starts_at)
    return [(start, end) for start, end in connection.execute(mine)]


def machine_labels(labels: Iterable[Label]) -> tuple[dict[str, bool], dict[str, bool]]:
    """What models said of units, and what people said of the same units."""
    every = list(labels)
    said = {one.unit_id: one.value for one in latest(x for x in every if x.source is Source.LLM)}
    people = {one.unit_id: one.value for one in latest(_human(every)) if one.unit_id in said}
    return said, people


def missed_in(connection: Connection, asked: Asked, harm: str | None) -> int:
    """How often people found what no monitor had, of the monitor's product, and harm if given."""
    g = gaps.c
    of_harm = () if harm is None else (g.harm == harm,)
    product = asked.monitor.partition("/")[0]
    mine = select(g.gap_id).where(g.kind == "missed", g.product == product, *of_harm)
    mine = mine.where(g.opened_at <= asked.now, *_inside(asked, g.opened_at))
    return len(connection.scalars(mine).all())


def _of_windows(asked: Asked) -> list[ColumnElement[bool]]:
    p = plans.c
    return [
        p.frame == "windows",
        p.monitor == asked.monitor,
        p.version == asked.version,
        p.drawn_at <= asked.now,
        *_inside(asked, p.starts_at),
    ]


def _human(labels: Iterable[Label]) -> list[Label]:
    """Judgements of draws, blind; the others of a window are no person's or measure raters."""
    return [label for label in labels if label.source in OF_DRAWS]


def _inside(asked: Asked, at: ColumnElement[datetime]) -> list[ColumnElement[bool]]:
    after = [] if asked.start is None else [at >= asked.start]
    return after if asked.end is None else [*after, at < asked.end]


def _strata(connection: Connection, plan_ids: list[str]) -> pl.DataFrame:
    s = strata.c
    columns = [s[name] for name in STRATA]
    rows = [
        tuple(row)
        for some in _batches(plan_ids)
        for row in connection.execute(select(*columns).where(s.plan_id.in_(some)))
    ]
    return joined([pl.DataFrame(rows, schema=STRATA, orient="row")])


def _units(connection: Connection, plan_ids: list[str], judged: Mapping[str, bool]) -> pl.DataFrame:
    """A row for each drawn unit; one of two tasks of a unit, a second review, adds none."""
    t = review_tasks.c
    columns = (t.unit_id, t.stratum, t.inclusion_prob)
    rows = [
        (row.unit_id, row.stratum, row.inclusion_prob, judged.get(row.unit_id))
        for some in _batches(plan_ids)
        for row in connection.execute(
            select(*columns).where(t.plan_id.in_(some), t.kind == "window")
        )
    ]
    return pl.DataFrame(rows, schema=UNITS, orient="row").unique("unit").sort("unit")


def _batches(values: list[str]) -> list[list[str]]:
    return [values[at : at + BATCH] for at in range(0, len(values), BATCH)]
