"""A world: a seed, its people and its days; and what campaigns and bystanders do in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

import polars as pl

from monitors.columns import TIMESTAMP, schema
from orchestration.world.draws import Generator, generator
from orchestration.world.people import joining, residents

Variant = Literal["loud", "slow", "evasive"]
VARIANTS: tuple[Variant, ...] = ("loud", "slow", "evasive")
Table = tuple[str, str]  # product, contract
Tables = dict[Table, pl.DataFrame]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
ACTORS = schema({"actor": pl.String, "entity_type": pl.String, "entity": pl.String})


@dataclass(frozen=True)
class World:
    """One simulated company. `start` is a midnight in UTC; `accounts` exist at that moment."""

    seed: int
    accounts: int
    start: datetime
    days: int

    @property
    def end(self) -> datetime:
        """The moment after its last day."""
        return self.start + self.days * DAY

    def draws(self, *names: object) -> Generator:
        """A generator for one named part of this world."""
        return generator(self.seed, *names)

    @cached_property
    def people(self) -> pl.DataFrame:
        """Every account, see `people.newcomers`; one row each, those who join later included."""
        weeks = [self.start + n * WEEK for n in range(-(-self.days // 7))]
        return pl.concat(
            [
                residents(self.draws("people"), self.accounts, self.start),
                *(joining(self.draws("people", w), self.accounts, w, 7) for w in weeks),
            ]
        ).filter(pl.col("created_at") < self.end)

    def present(self, moment: datetime) -> pl.DataFrame:
        """The accounts that exist at a moment."""
        return self.people.filter(pl.col("created_at") < moment)

    def some(self, rng: Generator, n: int, moment: datetime, *uses: str) -> pl.DataFrame:
        """`n` different accounts at random that exist at a moment and use the products named."""
        able = self.present(moment).filter(*(pl.col(product) for product in uses))
        return able[rng.permutation(able.height)[:n]]


@dataclass(frozen=True, slots=True)
class Plan:
    """When and how one campaign, or one hard negative, takes place.

    All its events lie in [start, until). `rng` is its own.
    """

    kind: str
    variant: str
    start: datetime
    until: datetime
    rng: Generator

    def ends(self, **length: float) -> datetime:
        """The start and a length (as for timedelta) later, but no later than `until`."""
        return min(self.start + timedelta(**length), self.until)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a campaign or hard negative does: events by product and contract, and who is behind it.

    `actors`: one row per actor and entity by which it may rightly be named, such as an account,
    its devices, its addresses, the template it uses. Events need the columns of their contract
    that they fill, `occurred_at` among them; ids, times of receipt and products are added later.
    """

    events: Mapping[Table, pl.DataFrame]
    actors: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ACTORS))


def named(actors: pl.Series, **entities: pl.Series | str) -> pl.DataFrame:
    """Rows of `Deeds.actors`: for each actor, the entities by type; `actor_type=actors` included.

    A text is an entity that all the actors share.
    """
    rows = [
        pl.DataFrame({"actor": actors.alias("actor")}).with_columns(
            entity_type=pl.lit(kind),
            entity=pl.lit(values) if isinstance(values, str) else values.alias("entity"),
        )
        for kind, values in entities.items()
    ]
    return pl.concat(rows).drop_nulls().unique(maintain_order=True).cast(ACTORS)


def stamped(rows: pl.DataFrame, occurred_at: pl.Series, **columns: object) -> pl.DataFrame:
    """Events that the people in `rows`, one an event, do: who and from where, when, and more.

    A value may be a Series, an expression over people's columns or a plain value.
    """
    own = ("account_id", "device_id", "ip", "asn", "country", "user_agent")
    more = {
        name: value if isinstance(value, pl.Expr | pl.Series) else pl.lit(value)
        for name, value in columns.items()
    }
    people = rows.with_columns(occurred_at.cast(TIMESTAMP).alias("occurred_at"))
    return people.with_columns(**more).select(
        "occurred_at", *(c for c in own if c in people.columns and c not in more), *more
    )
