"""What `watchfloor quality` prints of each table."""

import polars as pl

from monitors.contract import Monitor
from orchestration.measurement.proposal import Proposal
from orchestration.measurement.standing import Standing, said, said_needed
from orchestration.oncall.people import Person
from orchestration.oncall.roles import PERMITTED

SEES: str = "adjudicate"  # who settles what others differ on sees how they do
READ = {
    "figures": ("figure", "reads", "state", "frame"),
    "strata": (
        "stratum",
        "size",
        "drawn",
        "judged",
        "missing",
        "positive",
        "total",
        "variance_share",
        "state",
    ),
}


def read(name: str, rows: pl.DataFrame, form: str) -> pl.DataFrame:
    """The columns that a person reads; the other formats have every column."""
    if form != "table":
        return rows
    shown = rows.select(READ.get(name, rows.columns))
    return shown.with_columns(pl.col(pl.Float64).round(3))


def own(rows: pl.DataFrame, who: Person) -> pl.DataFrame:
    """The rows somebody may see: all of a lead's, of anybody else their own."""
    if "rater" not in rows.columns or any(SEES in PERMITTED[role] for role in who.roles):
        return rows
    return rows.filter(rater=who.id)


def said_standing(stands: Standing) -> str:
    """What the version may do as measured, and how many labels the next mode needs."""
    why = "; ".join(said(stands)[: len(stands.why)])
    held = f" ({why})" if why else ""
    need = said_needed(stands)
    wanted = f"lower bound {stands.need.lower:.2f} of {stands.need.n} labels"
    needed = f" {need[0].upper()}{need[1:]}." if need else ""
    return f"May be in {stands.may} by its measurement{held}; auto wants {wanted}.{needed}"


def asked_of(
    monitor: Monitor, proposal: Proposal, judged: int, units: pl.DataFrame
) -> dict[str, object]:
    """A proposal as one record, with what is known at the threshold that it proposes."""
    row: dict[str, object] = dict.fromkeys(proposal.curve.columns)
    if proposal.threshold is not None:
        at = pl.col("threshold") == proposal.threshold
        row = proposal.curve.row(by_predicate=at, named=True)
    without = units.filter(pl.col("value").is_not_null() & pl.col("score").is_null()).height
    figures = ("precision", "precision_lower", "recall", "recall_lower", "recall_upper")
    return {
        "id": monitor.id,
        "version": monitor.version,
        "threshold_now": monitor.threshold,
        "proposed": proposal.threshold,
        "why": proposal.why,
        "labels_needed": proposal.labels_needed,
        "stratum": proposal.stratum,
        **{name: row[name] for name in (*figures, "flagged_a_day")},
        "judged": judged,
        "without_score": without,
    }
