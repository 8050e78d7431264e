"""Whose a target is: the tenant that the product's own events name beside it."""

from collections.abc import Collection
from datetime import timedelta

import polars as pl

from monitors.columns import Contract
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.sightings import again
from orchestration.inputs import EVENTS
from orchestration.lake import Lake

HOUR = timedelta(hours=1)
LOOK_BACK = timedelta(days=30)  # from the product's latest events


def tenants_of(
    lake: Lake, product: str, column: str, kind: str, ids: Collection[str]
) -> dict[str, str]:
    """Real id of the tenant of each id of a type, as the events' `column` names it.

    Left out is what no event of the look-back names with a tenant, and what several tenants have
    used, as an address may be: it is of none. Whoever is of the tenants' own type is their own.
    """
    if kind == column:
        return {entity: entity for entity in ids}
    found: dict[str, set[str]] = {}
    for contract in contracts().values():
        if contract.schema.get(kind) == contract.schema.get(column) == pl.String:
            pairs = again(lambda c=contract: _pairs(lake, product, c, kind, column, ids))  # type: ignore[misc]
            for entity, tenant in pairs.iter_rows():
                found.setdefault(entity, set()).add(tenant)
    return {entity: next(iter(some)) for entity, some in found.items() if len(some) == 1}


def _pairs(  # noqa: PLR0917 - where, and what beside what
    lake: Lake, product: str, contract: Contract, kind: str, column: str, ids: Collection[str]
) -> pl.DataFrame:
    """Each id with each tenant that stands beside it in events of one contract."""
    table = f"{EVENTS}/{contract.name}"
    last = lake.last_hour(table, product)
    if last is None:
        return pl.DataFrame(schema=["id", "tenant"])
    span = Span(last + HOUR - LOOK_BACK, last + HOUR)
    rows = lake.scan(table, [product], span, schema=contract.schema)
    beside = rows.filter(pl.col(kind).is_in(sorted(ids)), pl.col(column).is_not_null())
    pairs = beside.select(id=kind, tenant=column).unique()
    return pairs.collect(engine="streaming")
