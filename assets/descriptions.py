"""How a monitor presents itself in the Dagster UI."""

from datetime import timedelta

import dagster as dg

from monitors.contract import Monitor
from monitors.digest import digest
from monitors.registry import Broken, Registry, Table
from monitors.trial import activity_of, baseline_of
from orchestration.timeline import DAY_BEFORE, HOURLY, partitions_of
from orchestration.watch import name_of

PLATFORM = "platform"
LATE = {"1h": timedelta(hours=2), "1d": timedelta(hours=26)}
UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
SECTIONS = ("Misses", "False alarms", "Threshold")


def asset_key(monitor: Monitor | Broken) -> dg.AssetKey:
    """Key of a monitor's asset."""
    return dg.AssetKey([monitor.product, "monitors", monitor.name])


def monitor_spec(monitor: Monitor, registry: Registry) -> dg.AssetSpec:
    """Asset of a monitor: owner, tags, kinds, and a description that an on-call can act on."""
    fail = LATE[monitor.every]
    return dg.AssetSpec(
        asset_key(monitor),
        deps=deps(monitor, registry),
        description=description(monitor),
        group_name=monitor.product,
        owners=[f"team:{monitor.owner}"],
        kinds={"sql", "duckdb"} if monitor.sql is not None else {"python", "polars"},
        tags={
            "harm": str(monitor.harm),
            "severity": monitor.severity.name,
            "mode": str(monitor.mode),
            "cadence": monitor.cadence,
        },
        code_version=f"{monitor.version}-{digest(monitor)}",
        metadata={
            "runbook": monitor.runbook,
            "file": name_of(monitor.source),
            "threshold": monitor.threshold,
            "authors": ", ".join(monitor.authors),
            "action": monitor.action,
        },
        partitions_def=partitions_of(monitor.every),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=fail * 0.75),
        skippable=True,
    )


def broken_spec(broken: Broken) -> dg.AssetSpec:
    """Asset of a monitor file that does not load: there, and red."""
    return dg.AssetSpec(
        asset_key(broken),
        description=f"**This monitor's file does not load.**\n\n`{broken.error}`",
        group_name=broken.product,
        tags={"mode": "disabled"},
        metadata={"file": name_of(broken.source)},
        partitions_def=HOURLY,
        skippable=True,
    )


def description(monitor: Monitor) -> str:
    """Behaviour, threshold and its reason, blind spots, and what to do."""
    unit = "hour" if monitor.every == "1h" else "day"
    cadence = "every five minutes" if monitor.cadence == "5m" else monitor.cadence
    lines = [monitor.behaviour, ""]
    lines += [
        "| | |",
        "|---|---|",
        f"| Flags | each `{monitor.entity}` with a score of at least {monitor.threshold:g} |",
        f"| Looks back | {span(monitor.window)} before each {unit}, evaluated {cadence} |",
        f"| Severity | {monitor.severity.name} |",
        f"| Mode | {monitor.mode}, version {monitor.version} |",
        f"| Most it may do | {monitor.action} |",
        f"| Owner | {monitor.owner} |",
        f"| Runbook | `{monitor.runbook}` |",
        "",
    ]
    for title in SECTIONS:
        lines += [f"**{title}.** {monitor.section(title)}", ""]
    return "\n".join(lines)


def span(window: timedelta) -> str:
    """A span in words: `90 minutes`, `1 hour`, `7 days`; `nothing` for none."""
    for unit, length in UNITS.items():
        n, rest = divmod(window, length)
        if n and not rest:
            return f"{n} {unit}" if n == 1 else f"{n} {unit}s"
    return "nothing"


def products_of(contract: str, registry: Registry) -> list[str]:
    """Products whose own monitors read a contract."""
    return sorted(
        {
            m.product
            for m in registry.monitors.values()
            if m.product != PLATFORM and contract in contracts_of(m)
        }
    )


def contracts_of(monitor: Monitor) -> set[str]:
    """Contracts of the tables that a monitor reads."""
    return {Table.parse(name).contract for name in monitor.reads} - {""}


def deps(monitor: Monitor, registry: Registry) -> list[dg.AssetDep]:
    """What a monitor reads, as lineage."""
    found: list[dg.AssetDep] = []
    for name in monitor.reads:
        table = Table.parse(name)
        products = [monitor.product]
        if monitor.product == PLATFORM:
            products = products_of(table.contract, registry)
        for product in products:
            if table.kind in {"events", "text"}:
                found.append(dg.AssetDep(dg.AssetKey([product, "events", table.contract])))
            elif table.kind == "activity":
                activity = activity_of(monitor, table.contract).name
                found.append(dg.AssetDep(dg.AssetKey([product, "activity", activity])))
            elif table.kind == "baseline":
                baseline = baseline_of(monitor, table.contract).name
                key = dg.AssetKey([product, "baseline", baseline])
                found.append(dg.AssetDep(key, partition_mapping=DAY_BEFORE))
    return found
