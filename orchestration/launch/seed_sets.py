"""Makes the sets of known cases that are shipped, from campaigns of the simulated world.

`.venv/bin/python -m orchestration.launch.seed_sets samples/seeds` writes them anew. Each has the
three variants of a campaign, the evasive one too, among some honest people, without texts.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from orchestration.launch.seeds import TRUTH, WHOM
from orchestration.world.build import contract_of, days, happenings_of_week, truth
from orchestration.world.world import Table, World

WORLD = World(seed=7, accounts=400, start=datetime(2026, 3, 2, tzinfo=UTC), days=7)
HONEST = 10  # one in so many of the other accounts
NAMED = ("account_id", "device_id")  # by which the truth names the guilty
# Campaign, and the tables that hold it; a contract is of one product here.
SETS: Mapping[str, tuple[str, Table]] = {
    "mass-messages-1": ("mass_messages", ("chat", "messages")),
    "undressing-1": ("undressing", ("images", "images")),
}


def make(folder: Path) -> None:
    """Write every set; the same each time, by the same Polars and NumPy."""
    week = happenings_of_week(WORLD, 0)
    kinds = {kind for kind, _ in SETS.values()}
    known = truth(WORLD, week).filter(pl.col("guilty"), pl.col("kind").is_in(kinds))
    parts: dict[Table, list[pl.DataFrame]] = {table: [] for _, table in SETS.values()}
    mine = [one for one in week if one.plan.kind in kinds]
    for _, made in days(WORLD, mine):
        for table, rows in parts.items():
            rows.append(made[table])
    for name, (kind, table) in SETS.items():
        whom = known.filter(kind=kind)
        some = _some(pl.concat(parts[table]), whom)
        home = folder / name
        home.mkdir(parents=True, exist_ok=True)
        kept = some.select(contract_of(table[1]).schema.keys())
        kept.write_parquet(home / f"{table[1]}.parquet", compression="zstd", compression_level=19)
        _there(whom, kept).write_csv(home / TRUTH)


def _some(rows: pl.DataFrame, whom: pl.DataFrame) -> pl.DataFrame:
    """All that the guilty do, and what some of the others do."""
    guilty = pl.Series(whom.filter(entity_type="account_id")["entity"].unique())
    others = rows.filter(~pl.col("account_id").is_in(guilty.implode()))["account_id"]
    honest = others.drop_nulls().unique().sort().gather_every(HONEST)
    return rows.filter(pl.col("account_id").is_in(pl.concat([guilty, honest]).implode()))


def _there(whom: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Whom the events name, sorted."""
    parts = [
        whom.filter(
            pl.col("entity_type") == kind,
            pl.col("entity").is_in(rows[kind].drop_nulls().unique().implode()),
        )
        for kind in NAMED
    ]
    return pl.concat(parts).select(WHOM.keys()).unique().sort(WHOM.keys())


if __name__ == "__main__":
    make(Path(sys.argv[1]))
