"""How many entities of a product were active in the last day, for the cap that is a share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from upath import UPath

from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.inputs import EVENTS, PLATFORM
from orchestration.lake import Lake
from orchestration.partitions import DAY

OTHERWISE = "ip"  # where nobody was signed in


@dataclass(frozen=True)
class ActiveEntities:
    """Counts each product once; make another for the next tick.

    An entity is the account of an event, or its address where nobody was signed in.
    """

    lake: Lake
    now: datetime
    counted: dict[str, int | None] = field(default_factory=dict)

    def __call__(self, product: str) -> int | None:
        """Entities active in the day before `now`; None where the lake has no event of it."""
        if product not in self.counted:
            self.counted[product] = self._count(product)
        return self.counted[product]

    def _count(self, product: str) -> int | None:
        frames = list(self._entities(product))
        if not frames:
            return None
        n = pl.concat(frames).drop_nulls().unique().select(pl.len()).collect().item()
        return int(n) or None

    def _entities(self, product: str) -> Iterator[pl.LazyFrame]:
        root = UPath(self.lake.root) / EVENTS
        span = Span(self.now - DAY, self.now)
        for folder in sorted(root.iterdir()) if root.exists() else ():
            contract = contract_of(folder.name)
            table = f"{EVENTS}/{contract.name}"
            there = self.lake.products(table)
            products = there if product == PLATFORM else [one for one in there if one == product]
            columns = [
                name for name in (contract.account, OTHERWISE) if name in contract.schema.names()
            ]
            if products and columns:
                rows = self.lake.scan(table, products, span, schema=contract.schema)
                yield rows.select(entity=pl.coalesce(columns).cast(pl.String))
