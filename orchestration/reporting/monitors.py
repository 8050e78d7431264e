"""What monitors are worth to the people who work for them: by minute of review, and by page."""

import math
from dataclasses import replace

import polars as pl

from orchestration.measurement.estimates import Estimate
from orchestration.reporting.facts import Facts
from orchestration.reporting.figures import LEAST, columns, rate, said, share, spread

VIOLATING, ACTED = "violating", "acted"
PENDING = ("pending", "firing", "acked")  # states in which somebody may still judge it
VALUE = {
    "monitor": pl.String,
    "decisions": pl.Int64,
    "violating": pl.Int64,
    "minutes": pl.Float64,
    "per_minute": pl.Float64,
    "per_minute_lower": pl.Float64,
    "per_minute_upper": pl.Float64,
    "reads": pl.String,
}
SIGNAL = {
    "monitor": pl.String,
    "pages": pl.Int64,
    "pending": pl.Int64,
    "actionable": pl.Int64,
    "precision": pl.Float64,
    "precision_lower": pl.Float64,
    "precision_upper": pl.Float64,
    "alerts": pl.Int64,
    "ack": pl.Float64,
    "ack_lower": pl.Float64,
    "ack_upper": pl.Float64,
    "unacked": pl.Int64,
    "unacked_share": pl.Float64,
    "unacked_share_lower": pl.Float64,
    "unacked_share_upper": pl.Float64,
    "findings": pl.Int64,
    "duplicates_per_alert": pl.Float64,
    "reads": pl.String,
    "ack_reads": pl.String,
    "unacked_reads": pl.String,
}


def value(facts: Facts) -> pl.DataFrame:
    """Violating decisions of each monitor by minute in which somebody had the case.

    A decision counts once for each monitor whose alerts it is about, and its time is divided
    evenly among them. Null under 20 decisions.
    """
    window = facts.window
    made = facts.units.join(
        facts.rounds.select("case_id", "decided_at", "touch_minutes"),
        on=["case_id", "decided_at"],
    ).filter(pl.col("decided_at") >= window.start, pl.col("decided_at") < window.end)
    each = made.group_by("decision_id", "monitor").agg(
        touch=pl.col("touch_minutes").first(),
        hit=(pl.col("outcome") == VIOLATING).any(),
    )
    parts = each.with_columns(minutes=pl.col("touch") / pl.len().over("decision_id"))
    counted = (
        parts.group_by("monitor")
        .agg(
            decisions=pl.len(),
            violating=pl.col("hit").sum(),
            minutes=pl.col("minutes").sum(),
        )
        .sort("monitor")
    )
    rows = []
    for monitor, n, k, minutes in counted.iter_rows():
        found = rate(k, n, minutes)
        row = {"monitor": monitor, "decisions": n, "violating": k, "minutes": minutes}
        rows.append(row | columns("per_minute", found) | {"reads": said(found, "a minute")})
    return pl.DataFrame(rows, schema=VALUE).sort(
        pl.col("per_minute"), "monitor", descending=[True, False], nulls_last=True
    )


def signal(facts: Facts) -> pl.DataFrame:
    """Pages of each monitor: how many led to something, and how soon somebody answered.

    A page is actionable where an alert that it names was decided to be violating, or acted on by
    the monitor itself. One of which that is not known yet is `pending`, and not in the precision.
    `unacked` are alerts that ended by themselves before anybody answered.
    """
    pages, paged = _pages(facts), _paged(facts)
    found = {row["monitor"]: row for row in facts.findings.iter_rows(named=True)}
    rows = []
    for monitor in sorted({*pages["monitor"], *found}):
        mine = pages.filter(pl.col("monitor") == monitor)
        alerts = paged.filter(pl.col("monitor") == monitor)
        actionable, pending = int(mine["actionable"].sum()), int(mine["pending"].sum())
        precision = share(actionable, mine.height - pending)
        taken = found.get(monitor, {"new": 0, "duplicate": 0})
        row = {
            "monitor": monitor,
            "pages": mine.height,
            "pending": pending,
            "actionable": actionable,
            **columns("precision", precision),
            "alerts": alerts.height,
            **_answers(alerts),
            "findings": taken["new"] + taken["duplicate"],
            "duplicates_per_alert": taken["duplicate"] / taken["new"] if taken["new"] else None,
            "reads": said(precision),
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=SIGNAL).sort("pages", "monitor", descending=[True, False])


def answered_in(alerts: pl.DataFrame) -> Estimate:
    """Median minutes from page to answer; who was never answered waits longer than all others.

    Null under 20, and where fewer than half were answered.
    """
    waited = (alerts["answered_at"] - alerts["paged_at"]).dt.total_seconds() / 60
    found = spread(waited.fill_null(math.inf).to_list()).median
    if found.value is None or math.isinf(found.value):
        return replace(found, value=None, lower=None, upper=None)
    far = found.upper is None or math.isinf(found.upper)
    return replace(found, upper=None) if far else found


def _pages(facts: Facts) -> pl.DataFrame:
    """A row for each page and monitor that it is about."""
    judged = facts.alerts.select("alert_id", "verdict", "state")
    hit = pl.col("verdict").is_in([VIOLATING, ACTED])
    waits = pl.col("verdict").is_null() & pl.col("state").is_in(PENDING)
    named = _inside(facts).filter(pl.col("monitor").is_not_null())
    named = named.join(judged, on="alert_id", how="left")
    return (
        named.group_by("page_id", "monitor")
        .agg(actionable=hit.fill_null(value=False).any(), waits=waits.any())
        .with_columns(pending=pl.col("waits") & ~pl.col("actionable"))
    )


def _paged(facts: Facts) -> pl.DataFrame:
    """Each alert with its first page of the window, and the first answer from then on."""
    first = _inside(facts).group_by("alert_id").agg(paged_at=pl.col("at").min())
    known = facts.alerts.join(first, on="alert_id")
    early = pl.max_horizontal("answered_at", "paged_at")
    return known.with_columns(answered_at=pl.when(pl.col("answered_at").is_not_null()).then(early))


def _inside(facts: Facts) -> pl.DataFrame:
    return facts.pages.filter(pl.col("at") >= facts.window.start)


def _answers(alerts: pl.DataFrame) -> dict[str, object]:
    answered, over = pl.col("answered_at"), pl.col("over_at")
    alone = over.is_not_null() & (answered.is_null() | (answered > over))
    k, n = alerts.filter(alone).height, alerts.height
    unacked, ack = share(k, n), answered_in(alerts)
    few = ack.value is None and n >= LEAST
    return {
        **columns("ack", ack),
        "unacked": k,
        **columns("unacked_share", unacked),
        "ack_reads": f"fewer than half (n = {n})" if few else said(ack, "min"),
        "unacked_reads": said(unacked),
    }
