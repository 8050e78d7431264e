"""One op per product that takes in new events and says what arrived in each hour."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import dagster as dg

from assets.descriptions import PLATFORM, contracts_of
from assets.results import ERROR, WARN, Event
from monitors.columns import Contract
from monitors.registry import Registry, contract_of
from orchestration.health.volume import FRESH, Arrival, arrivals, newest
from orchestration.ingest.poll import poll_folder
from orchestration.ingest.report import IngestReport
from orchestration.partitions import key_of, start_of
from orchestration.resources import Clock, LakeResource
from orchestration.timeline import HOURLY

CHECKS = {
    "schema": "Every row has the values that the contract requires.",
    "volume": "Each hour's events are in line with the same hour of earlier weeks.",
    "freshness": "The newest event is at most three hours old.",
    "quarantine": "No row or file that arrived with this run had to be set aside.",
}


def event_assets(registry: Registry) -> list[dg.AssetsDefinition]:
    """The op of each product whose monitors read events."""
    return [_op(product, read_by(product, registry)) for product in own_products(registry)]


def own_products(registry: Registry) -> list[str]:
    """Products with events of their own."""
    return [p for p in registry.products if p != PLATFORM and read_by(p, registry)]


def read_by(product: str, registry: Registry) -> list[str]:
    """Contracts that a product's monitors read."""
    own = [m for m in registry.monitors.values() if m.product == product]
    return sorted(set().union(*(contracts_of(m) for m in own)))


def _op(product: str, names: Sequence[str]) -> dg.AssetsDefinition:
    keys = {name: dg.AssetKey([product, "events", name]) for name in names}

    @dg.multi_asset(
        name=f"{product}__events",
        specs=[_spec(keys[name], contract_of(name), product) for name in names],
        check_specs=[
            dg.AssetCheckSpec(check, asset=keys[name], description=text)
            for name in names
            for check, text in CHECKS.items()
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"product_{product}",
    )
    def take_in_events(
        context: dg.AssetExecutionContext, lake: LakeResource, clock: Clock
    ) -> Iterator[Event]:
        hours = [start_of(key, "1h") for key in context.partition_keys]
        for name in names:
            if keys[name] in context.selected_asset_keys:
                yield from _one(context, lake, clock.now(), keys[name], hours)

    return take_in_events


def _spec(key: dg.AssetKey, contract: Contract, product: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        description=f"{contract.doc}\n\n{_columns(contract)}",
        group_name=product,
        kinds={"parquet"},
        tags={"contract": contract.name, **({"restricted_text": "yes"} if contract.text else {})},
        partitions_def=HOURLY,
    )


def _columns(contract: Contract) -> str:
    lines = ["| column | type | unit | null means | |", "|---|---|---|---|---|"]
    lines += [
        f"| `{c.name}` | {c.dtype} | {c.unit or ''} | {c.null or 'malformed'} | {c.doc} |"
        for c in contract.all_columns
    ]
    lines += [
        f"| `{c.name}` (restricted) | {c.dtype} | | {c.null or 'malformed'} | {c.doc} |"
        for c in contract.text
    ]
    return "\n".join(lines)


def _one(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    now: datetime,
    key: dg.AssetKey,
    hours: list[datetime],
) -> Iterator[Event]:
    product, contract = key.path[0], key.path[-1]
    taken = poll_folder(lake.lake, lake.sources_path, product, contract, now=now, hot=lake.hot)
    seen = arrivals(lake.lake, product, contract, hours)
    for arrival in seen:
        metadata = {
            "dagster/row_count": arrival.rows,
            "rows": arrival.rows,
            "late_rows": arrival.late,
            "volume": arrival.volume,
            "expected_rows": "not known" if arrival.expected is None else arrival.expected,
        }
        context.add_asset_metadata(
            metadata, asset_key=key, partition_key=key_of(arrival.hour, "1h")
        )
    yield dg.MaterializeResult(asset_key=key)
    yield from _checks(key, seen, taken, newest(lake.lake, product, contract), now)


def _checks(
    key: dg.AssetKey,
    seen: list[Arrival],
    taken: Sequence[IngestReport],
    latest: datetime | None,
    now: datetime,
) -> Iterator[dg.AssetCheckResult]:
    nulls = sum(a.required_nulls for a in seen)
    odd = [a for a in seen if a.volume in {"high", "low"}]
    reasons: dict[str, int] = {}
    for report in taken:
        for reason, n in report.quarantined.items():
            reasons[reason] = reasons.get(reason, 0) + n
    unreadable = sum(len(report.failed) for report in taken)
    age = None if latest is None else now - latest
    known = [a for a in seen if a.expected is not None]
    yield _result(key, "schema", nulls == 0, ERROR, {"missing_values": nulls})
    yield _result(
        key,
        "volume",
        not odd,
        WARN,
        {
            "state": (odd or known or seen)[-1].volume,
            "hours_off": len(odd),
            "hours_with_history": len(known),
        },
    )
    yield _result(
        key,
        "freshness",
        age is not None and age <= FRESH,
        WARN,
        {"age_minutes": "no events" if age is None else round(age.total_seconds() / 60)},
    )
    yield _result(
        key,
        "quarantine",
        not reasons and not unreadable,
        WARN,
        {
            "rows": sum(reasons.values()),
            "reasons": dict(reasons),
            "files_taken": sum(len(report.files) for report in taken),
            "files_unreadable": unreadable,
        },
    )


def _result(
    key: dg.AssetKey,
    name: str,
    passed: bool,  # noqa: FBT001 - the one answer of a check
    severity: dg.AssetCheckSeverity,
    metadata: dict[str, object],
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed,
        asset_key=key,
        check_name=name,
        severity=severity,
        metadata=metadata,  # type: ignore[arg-type]  # counts, texts and a dict: all JSON
    )
