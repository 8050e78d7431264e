"""One op per product and cadence that evaluates its monitors; a faulty one fails alone."""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster_duckdb import DuckDBResource

from assets.descriptions import asset_key, broken_spec, monitor_spec
from assets.results import CHECKS, ERROR, Event, checks, materialized
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Broken, Registry
from orchestration.evaluation import Run
from orchestration.health.history import history
from orchestration.partitions import LENGTH, start_of
from orchestration.resources import Clock, LakeResource
from orchestration.timeline import partitions_of
from orchestration.watch import Outcome, record_outcomes, watch

HISTORY_DAYS = 28
NAMES = {"1h": "hourly", "1d": "daily"}


class AllMonitorsFailedError(RuntimeError):
    """Every monitor of a step failed: the fault is not one monitor's."""


def monitor_assets(registry: Registry) -> list[dg.AssetsDefinition]:
    """The ops of all products and cadences."""
    found = [_op(registry, product, every) for product in registry.products for every in NAMES]
    return [op for op in found if op is not None]


def evaluations_key(product: str, every: str) -> dg.AssetKey:
    """Key of the asset that stands for the manifests of one product and cadence."""
    return dg.AssetKey([product, "evaluations" if every == "1h" else "evaluations_daily"])


def _op(registry: Registry, product: str, every: str) -> dg.AssetsDefinition | None:
    monitors = [m for m in registry.monitors.values() if (m.product, m.every) == (product, every)]
    broken = [b for b in registry.broken.values() if (b.product, every) == (product, "1h")]
    if not monitors and not broken:
        return None
    named: list[Monitor | Broken] = [*monitors, *broken]
    evaluations = dg.AssetSpec(
        evaluations_key(product, every),
        description="Manifests of this product's evaluations: what ran, and what became of it.",
        group_name=product,
        kinds={"parquet"},
        partitions_def=partitions_of(every),
    )

    @dg.multi_asset(
        name=f"{product}__monitors_{NAMES[every]}",
        specs=[
            *(monitor_spec(m, registry) for m in monitors),
            *(broken_spec(b) for b in broken),
            evaluations,
        ],
        check_specs=[
            *(_check(m, name) for m in monitors for name in CHECKS),
            *(_check(b, "evaluated") for b in broken),
            dg.AssetCheckSpec(
                "coverage",
                asset=evaluations.key,
                description="Every monitor selected in this run was evaluated to the end.",
            ),
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"product_{product}",
    )
    def evaluate_monitors(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        clock: Clock,
        duckdb: DuckDBResource,
    ) -> Iterator[Event]:
        chosen = [m for m in named if asset_key(m) in context.selected_asset_keys]
        run = lake.run(clock.now(), dict(context.run.tags), duckdb)
        yield from _evaluate(context, lake, run, chosen, evaluations.key)

    return evaluate_monitors


def _check(monitor: Monitor | Broken, name: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=asset_key(monitor), description=CHECKS[name])


def _evaluate(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    run: Run,
    chosen: Sequence[Monitor | Broken],
    evaluations: dg.AssetKey,
) -> Iterator[Event]:
    every = "1h" if evaluations.path[-1] == "evaluations" else "1d"
    product = evaluations.path[0]
    keys = list(context.partition_keys)
    span = Span(start_of(keys[0], every), start_of(keys[-1], every) + LENGTH[every])
    past = history(run.lake, product, until=span.end, days=HISTORY_DAYS)
    outcomes = []
    for monitor in chosen:
        outcome = watch(run, monitor, span, past)
        outcomes.append(outcome)
        yield from materialized(context, lake, run, outcome, past)
        yield from checks(outcome)
    record_outcomes(run, product, outcomes)
    if evaluations in context.selected_asset_keys:
        yield from _summary(evaluations, outcomes)
    if outcomes and all(o.failed for o in outcomes):
        raise AllMonitorsFailedError(
            f"All {len(outcomes)} monitors of '{product}' failed. Look at what they share: the "
            "lake, the source. Each one's error is in its check 'evaluated'."
        )


def _summary(key: dg.AssetKey, outcomes: Sequence[Outcome]) -> Iterator[Event]:
    failed = sorted(o.monitor.name for o in outcomes if o.failed)
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={
            "monitors": len(outcomes),
            "monitors_failed": len(failed),
            "findings": sum(m.flagged for o in outcomes for m in o.evaluated),
            "partitions": sum(len(o.manifests) for o in outcomes),
            "seconds": round(sum(m.seconds for o in outcomes for m in o.evaluated), 3),
        },
    )
    yield dg.AssetCheckResult(
        passed=not failed,
        asset_key=key,
        check_name="coverage",
        severity=ERROR,
        metadata={"failed": ", ".join(failed) or "none"},
    )
