"""The scoreboard as a page of Markdown."""

from collections.abc import Iterable

import polars as pl

from orchestration.scoreboard import tables
from orchestration.scoreboard.tables import FALSE_A_DAY, PRECISION, Trial

INTRODUCTION = """# Scoreboard

What the shipped monitors find in simulated worlds: every kind of campaign once a week in three
variants, among honest people and hard negatives ([world.md](world.md)). Evaluated are the last
{days} days of {worlds} worlds of the seeds {seeds}, none of which was looked at while monitors were
written or tuned. `make bench` makes this page anew; `watchfloor world score --help` says how.

An actor is caught when a finding names it, or a device, key, template or ring of its, during its
campaign. Recall is the mean over campaigns of the share of actors caught by any monitor. Precision
is of episodes: a monitor and an entity. False findings are counted one by one, hour for hour.
A simulation shows what a monitor can see and what fools it, never how good it is on real people:
its makers know the same literature as the monitors' makers. Figures this near 1 say that campaigns
leave clean traces here and differ little from seed to seed; read them as a test of regressions.
"""


def page(trials: list[Trial], names: list[str], products: list[str]) -> str:
    """The whole page; campaigns that nobody caught come first."""
    board = tables.campaigns(trials)
    unseen = board.filter(pl.col("caught") == 0)
    missed = "None." if unseen.is_empty() else _table(unseen.select("kind", "variant", "actors"))
    monitors = tables.monitors(trials, names)
    share = tables.precision(trials)
    per_product = tables.products(trials, products)
    worst = per_product["false_a_day"].max()
    verdict = (
        f"Precision over all episodes: {_shown(share)} (target {PRECISION}). Most false findings "
        f"of a product a day: {_shown(worst)} (target {FALSE_A_DAY:.0f})."
    )
    seeds = ", ".join(str(trial.seed) for trial in trials)
    parts = [
        INTRODUCTION.format(days=trials[0].days, worlds=len(trials), seeds=seeds),
        "## Campaigns that nobody caught\n\n" + missed,
        "## Targets\n\n" + _table(tables.variants(trials)),
        verdict,
        "## Products\n\n" + _table(per_product),
        "## Campaigns\n\n" + _table(board.drop("worlds")),
        "## Monitors\n\n" + _table(monitors),
        "## Hard negatives\n\n" + _table(tables.bystanders(trials)),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def met(trials: list[Trial], products: list[str]) -> bool:
    """Whether every target is met."""
    reached = tables.variants(trials).select((pl.col("recall") >= pl.col("target")).all()).item()
    share = tables.precision(trials)
    quiet = (tables.products(trials, products)["false_a_day"] <= FALSE_A_DAY).all()
    return bool(reached and quiet and share is not None and share >= PRECISION)


def _table(rows: pl.DataFrame) -> str:
    head = "| " + " | ".join(name.replace("_", " ") for name in rows.columns) + " |"
    rule = "|" + "|".join("--:" if d.is_numeric() else "---" for d in rows.dtypes) + "|"
    return "\n".join([head, rule, *(_line(row) for row in rows.iter_rows())])


def _line(row: Iterable[object]) -> str:
    return "| " + " | ".join(_shown(value) for value in row) + " |"


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
