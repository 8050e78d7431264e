"""What is drawn for review, as an asset: each day's plans, and whether they are worked off."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Connection, func, select

from assets.results import WARN, Event
from monitors.evaluate import Span
from orchestration.jobs import ALERTS, SAMPLING
from orchestration.ledger.database import reading
from orchestration.ledger.review_tasks import TaskState
from orchestration.ledger.tables import review_tasks
from orchestration.measurement.plans import plans_in, strata_in
from orchestration.partitions import DAY, start_of
from orchestration.resources import Clock
from orchestration.review.golden import Why, expire
from orchestration.review.plan import Draw, Made, draw_plans
from orchestration.timeline import DAILY
from orchestration.working import Working

LATE = timedelta(days=2)  # for so long late rows change what was scored
LABELLED = "labelled"


@dg.asset(
    key=SAMPLING,
    deps=[ALERTS],
    group_name="operations",
    kinds={"parquet", "polars", "sqlalchemy"},
    partitions_def=DAILY,
    description="Draws what people judge blind: of each monitor's version an even share of the "
    "day's alerts, and scored windows by stratum, each with its probability; second reviews and "
    "golden items are mixed in.",
    check_specs=[
        dg.AssetCheckSpec(
            LABELLED,
            asset=SAMPLING,
            description="Nothing that was drawn waits beyond its week: what nobody judges is "
            "missing, and no figure may rest on the rest.",
        )
    ],
)
def sampling(
    context: dg.AssetExecutionContext, working: dg.ResourceParam[Working], clock: Clock
) -> Iterator[Event]:
    """Draw the days of the run, look again at those before, and count."""
    now = clock.now()
    terms, engine = working.terms(now), working.engine
    retired = expire(engine, now, terms.policies)
    days = [start_of(key, "1d") for key in context.partition_keys]
    made = Made()
    with reading(engine) as connection:
        before = {plan.starts_at for plan in plans_in(connection, days[0] - LATE, days[0])}
    for start in [*sorted(before), *days]:
        draw = Draw(
            engine=engine,
            lake=working.alerting.lake,
            names=working.names,
            seed=terms.seed,
            share=terms.share,
            day=Span(start, start + DAY),
            now=now,
        )
        made += draw_plans(working.alerting.registry, draw)
    with reading(engine) as connection:
        records = _records(connection, Span(days[0], days[-1] + DAY))
        overdue = _overdue(connection, now)
    yield dg.MaterializeResult(metadata=_metadata(made, retired, records))
    yield dg.AssetCheckResult(
        check_name=LABELLED, passed=not overdue, severity=WARN, metadata={"overdue": overdue}
    )


def _metadata(
    made: Made, retired: Mapping[Why, int], records: Sequence[dg.TableRecord]
) -> dict[str, int | dg.TableMetadataValue]:
    found: dict[str, int | dg.TableMetadataValue] = {
        "plans": made.plans,
        "tasks": made.tasks,
        "second_reviews": made.seconds,
        "golden_mixed_in": made.golden,
        "withdrawn": made.withdrawn,
        "monitors_not_ready": made.unready,
        "golden_retired": sum(retired.values()),
    }
    if records:
        found["strata"] = dg.MetadataValue.table(records)
    return found


def _records(connection: Connection, span: Span) -> list[dg.TableRecord]:
    """A row for each stratum of the plans of some days."""
    plans = plans_in(connection, span.start, span.end)
    strata = strata_in(connection, [plan.plan_id for plan in plans])
    return [
        dg.TableRecord(
            {
                "day": f"{plan.starts_at:%Y-%m-%d}",
                "monitor": plan.monitor,
                "version": plan.version,
                "frame": plan.frame,
                "stratum": one.stratum,
                "size": one.size,
                "kept": one.kept,
                "drawn": one.drawn,
                "inclusion_prob": _shown(one.inclusion_prob),
            }
        )
        for plan in plans
        for one in strata[plan.plan_id]
    ]


def _overdue(connection: Connection, now: datetime) -> int:
    """Tasks that wait, or that somebody has, beyond when they were to be answered."""
    t = review_tasks.c
    waiting = t.state.in_([TaskState.OPEN, TaskState.LEASED])
    counted = select(func.count()).where(waiting, t.due_at <= now)
    return int(connection.execute(counted).scalar_one())


def _shown(probability: float | None) -> str:
    return "none" if probability is None else f"{probability:.3g}"
