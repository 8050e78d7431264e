"""Shared aggregates: hourly activity, and each night its roll-up, baselines and compaction."""

from collections.abc import Iterator

import dagster as dg

from assets.descriptions import PLATFORM
from assets.events import own_products, read_by
from assets.results import Event
from monitors.activity import Activity, Baseline
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.health.volume import volume_activity, volume_baseline
from orchestration.partitions import DAY, HOUR, key_of, start_of
from orchestration.resources import LakeResource
from orchestration.timeline import DAILY, HOURLY
from orchestration.upkeep import (
    activities_of,
    baselines_of,
    build_activity,
    build_baseline,
    build_daily,
    compact,
)


def activity_assets(registry: Registry) -> list[dg.AssetsDefinition]:
    """The hourly and the nightly op of each product with events."""
    found = []
    for product in own_products(registry):
        names = read_by(product, registry)
        readers = readers_of(product, registry)
        activities = {volume_activity(n).name: volume_activity(n) for n in names}
        activities |= {n: a for n, a in activities_of(readers).items() if a.contract in names}
        baselines = {volume_baseline(n).name: volume_baseline(n) for n in names}
        baselines |= {
            n: b for n, b in baselines_of(readers).items() if b.activity.contract in names
        }
        found += [_hourly(product, activities), _nightly(product, activities, baselines, names)]
    return found


def readers_of(product: str, registry: Registry) -> list[Monitor]:
    """Monitors that read a product's events: its own and the platform's."""
    return [m for m in registry.monitors.values() if m.product in {product, PLATFORM}]


def _hourly(product: str, activities: dict[str, Activity]) -> dg.AssetsDefinition:
    keys = {name: dg.AssetKey([product, "activity", name]) for name in activities}

    @dg.multi_asset(
        name=f"{product}__activity",
        specs=[
            dg.AssetSpec(
                keys[name],
                deps=[dg.AssetKey([product, "events", activity.contract])],
                description=_describe(activity),
                group_name=product,
                kinds={"parquet", "polars"},
                partitions_def=HOURLY,
            )
            for name, activity in activities.items()
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"product_{product}",
    )
    def aggregate_hours(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
        hours = [start_of(key, "1h") for key in context.partition_keys]
        span = Span(hours[0], hours[-1] + HOUR)
        for name, activity in activities.items():
            if keys[name] not in context.selected_asset_keys:
                continue
            for hour, rows in build_activity(lake.lake, activity, product, span).items():
                context.add_asset_metadata(
                    {"dagster/row_count": rows},
                    asset_key=keys[name],
                    partition_key=key_of(hour, "1h"),
                )
            yield dg.MaterializeResult(asset_key=keys[name])

    return aggregate_hours


def _describe(activity: Activity) -> str:
    key = ", ".join(f"`{c}`" for c in activity.by) or "the product"
    columns = ", ".join(f"`{c}`" for c in ("events", *activity.sums))
    return f"Hourly {columns} of `{activity.contract}` by {key}: one row per key and hour."


def _nightly(
    product: str,
    activities: dict[str, Activity],
    baselines: dict[str, Baseline],
    names: list[str],
) -> dg.AssetsDefinition:
    daily = {name: dg.AssetKey([product, "activity_daily", name]) for name in activities}
    usual = {name: dg.AssetKey([product, "baseline", name]) for name in baselines}
    compacted = {name: dg.AssetKey([product, "compaction", name]) for name in names}

    @dg.multi_asset(
        name=f"{product}__nightly",
        specs=[
            *(_spec(product, key, "activity", [name]) for name, key in daily.items()),
            *(
                _spec(product, usual[n], "activity_daily", [b.activity.name])
                for n, b in baselines.items()
            ),
            *(_spec(product, key, "events", [name]) for name, key in compacted.items()),
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"product_{product}",
    )
    def close_days(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
        days = [start_of(key, "1d") for key in context.partition_keys]
        chosen = context.selected_asset_keys
        for name, key in daily.items():
            if key in chosen:
                rows = [build_daily(lake.lake, activities[name], product, day) for day in days]
                yield _counted(key, rows[-1])
        for name, key in usual.items():
            if key in chosen:
                after = [day + DAY for day in days]
                rows = [build_baseline(lake.lake, baselines[name], product, d) for d in after]
                yield _counted(key, rows[-1])
        for name, key in compacted.items():
            if key in chosen:
                hours = sum(compact(lake.lake, name, product, day) for day in days)
                yield dg.MaterializeResult(asset_key=key, metadata={"hours_compacted": hours})

    return close_days


DESCRIPTIONS = {
    "activity_daily": "One row per key of a day's activity, so that look-backs read days.",
    "baseline": "What was usual up to and including this day; the next day is compared with it.",
    "compaction": "The day's events as one file sorted by account and time.",
}


def _spec(product: str, key: dg.AssetKey, upstream: str, names: list[str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=[dg.AssetKey([product, upstream, name]) for name in names],
        description=DESCRIPTIONS[key.path[1]],
        group_name=product,
        kinds={"parquet", "polars"},
        partitions_def=DAILY,
    )


def _counted(key: dg.AssetKey, rows: int) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows})
