"""The coverage map as an asset: product, harm, monitor, and whether it is alive."""

from collections.abc import Iterator

import dagster as dg

from assets.results import WARN, Event
from monitors.registry import Registry
from orchestration.health.coverage import COVERAGE, coverage
from orchestration.resources import Clock, LakeResource


def coverage_assets(registry: Registry) -> list[dg.AssetsDefinition]:
    """The one asset, with a check that every monitor is alive."""

    @dg.asset(
        key=dg.AssetKey(["watchfloor", "coverage"]),
        group_name="watchfloor",
        kinds={"polars"},
        description="Which harm is watched on which product, by which monitor, and is it alive?",
        check_specs=[
            dg.AssetCheckSpec(
                "monitors_alive",
                asset=dg.AssetKey(["watchfloor", "coverage"]),
                description="Every monitor was evaluated lately and found its canary.",
            )
        ],
    )
    def coverage_map(lake: LakeResource, clock: Clock) -> Iterator[Event]:
        rows = coverage(registry, lake.lake, now=clock.now())
        watched = rows.filter(rows["state"] != "gap")
        ill = watched.filter(watched["state"] != "healthy")
        gaps = rows.height - watched.height
        yield dg.MaterializeResult(
            metadata={
                "monitors": watched.height,
                "harms_without_monitor": gaps,
                "map": dg.MetadataValue.table(
                    [
                        dg.TableRecord({k: v or "" for k, v in row.items()})
                        for row in watched.select(COVERAGE).iter_rows(named=True)
                    ]
                ),
            },
        )
        yield dg.AssetCheckResult(
            passed=ill.height == 0,
            check_name="monitors_alive",
            severity=WARN,
            metadata={
                "not_healthy": ill.height,
                "which": ", ".join(f"{p}/{m}" for p, m in ill["product", "monitor"].rows()),
            },
        )

    return [coverage_map]
