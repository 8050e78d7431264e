"""What of the operation's health is out of bounds; of too little data it says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from orchestration.reporting.figures import LEAST

LATE = 0.05  # of the first actions that were due
NOISY = 0.10  # of the shifts may have more than two pages
GOOD, BAD, INSUFFICIENT = "good", "bad", "insufficient"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question: `state`, and by name what is bad and of what too little is known."""

    name: str
    state: str
    bad: Sequence[str]
    unknown: Sequence[str]
    rows: int


def verdicts(tables: Mapping[str, pl.DataFrame]) -> list[Verdict]:
    """Promises, noise and backlog, from the tables of `health`.

    A share is bad where the lower end of its interval is over the bound: not by chance. A backlog
    is bad where more came than went by more than two standard deviations, of 20 at least.
    """
    late = pl.col("breach_lower") > LATE
    noisy = pl.col("noisy_share_lower") > NOISY
    moved = pl.col("came") + pl.col("went")
    grows = (pl.col("came") > pl.col("went")) & ~pl.col("stable")
    return [
        _verdict("sla", tables["sla"], "queue", late, pl.col("breach").is_not_null()),
        _verdict("noise", tables["noise"], "team", noisy, pl.col("noisy_share").is_not_null()),
        _verdict("backlog", tables["queues"], "queue", grows, moved >= LEAST),
    ]


def _verdict(name: str, rows: pl.DataFrame, key: str, bad: pl.Expr, known: pl.Expr) -> Verdict:
    """Bad if any row is; insufficient if of none enough is known."""
    wrong = rows.filter(known, bad.fill_null(value=False))[key].to_list()
    unknown = rows.filter(~known)[key].to_list()
    state = BAD if wrong else INSUFFICIENT if len(unknown) == rows.height else GOOD
    return Verdict(name, state, wrong, unknown, rows.height)
