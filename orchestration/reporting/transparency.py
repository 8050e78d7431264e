"""Counts for transparency reports, in the fields of the DSA; nothing is submitted from here.

A count of fewer than five statements is left out with all that belongs to it, since together with
what is known elsewhere it may tell of one person. Where that is only one row, the next smallest is
left out too: the total would give it away.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, case, func, select

from orchestration.appeals.statements import export
from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.tables import alerts, appeals, cases, decisions, enforcements, reports
from orchestration.reporting import overturns
from orchestration.reporting.actions import appeals_frame, enforcements_frame
from orchestration.reporting.casework import MOMENT
from orchestration.reporting.window import Window

SMALL = 5
LATEST = timedelta(days=2)  # a notice is queued as its action is known to be applied
ALL = "(all)"
KINDS = (
    "product",
    "decision_ground",
    "category",
    "restriction",
    "source_type",
    "automated_detection",
    "automated_decision",
)
OUTCOMES = ("upheld", "overturned", "partial")
COUNTS = ("statements", "reversed", "appeals", *OUTCOMES)
RESTRICTIONS = (
    "decision_visibility",
    "decision_monetary",
    "decision_provision",
    "decision_account",
)
OF_SPANS: dict[str, Any] = {"enforcement_id": pl.String, "began": MOMENT, "applied_at": MOMENT}
OF_OUTCOMES: dict[str, Any] = {"enforcement_id": pl.String, "outcome": pl.String}
REPORTS: dict[str, Any] = {
    "product": pl.String,
    "received": pl.Int64,
    "confirmed": pl.Int64,
    "dismissed": pl.Int64,
    "open": pl.Int64,
}


def transparency(connection: Connection, window: Window) -> Mapping[str, pl.DataFrame]:
    """Statements, appeals and reports of a window, each counted; `counted` says how."""
    told = export(connection, window.start).filter(pl.col("queued_at") < window.end)
    every = appeals_frame(connection, window.start, ())
    acted = enforcements_frame(connection, window, ())
    return {
        "statements": counted(told, _outcomes(connection), _times(connection, window.start)),
        "appeals": overturns.appeals(window, every, acted),
        "reports": _reports(connection, window),
    }


def counted(told: pl.DataFrame, outcomes: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """Statements of `appeals.statements.export` by ground, category, restriction and automation.

    `outcomes`[enforcement_id, outcome] are the appeals against them, null while not decided;
    `times`[enforcement_id, hours] from the first sign to the action. Appeals are of these
    statements, whenever they came. The last row has all. Counts of a `small` row are null.
    """
    each = (
        told.with_columns(restriction=_restriction(told))
        .join(_by_enforcement(outcomes), on="enforcement_id", how="left")
        .join(times, on="enforcement_id", how="left")
    )
    counts = [
        pl.len().cast(pl.Int64).alias("statements"),
        pl.col("reversed_at").is_not_null().sum().cast(pl.Int64).alias("reversed"),
        *(pl.col(name).sum().cast(pl.Int64) for name in ("appeals", *OUTCOMES)),
        pl.col("hours").count().cast(pl.Int64).alias("timed"),
        pl.col("hours").median().alias("hours_p50"),
    ]
    rows = each.group_by(KINDS).agg(counts).sort(KINDS, nulls_last=True)
    whole = each.select(pl.lit(ALL).alias("product"), *counts)
    return pl.concat([_without_small(rows), _with(whole, rows)])


def _restriction(told: pl.DataFrame) -> pl.Series:
    """What was restricted, all of it in one text: a statement is counted once."""
    found = []
    for row in told.select(RESTRICTIONS).iter_rows():
        parts = [one for part in row for one in ([part] if isinstance(part, str) else part or ())]
        found.append(" + ".join(sorted(parts)) or None)
    return pl.Series("restriction", found, dtype=pl.String)


def _by_enforcement(outcomes: pl.DataFrame) -> pl.DataFrame:
    each = [(pl.col("outcome") == one).sum().alias(one) for one in OUTCOMES]
    return outcomes.group_by("enforcement_id").agg(pl.len().alias("appeals"), *each)


def _without_small(rows: pl.DataFrame) -> pl.DataFrame:
    small = rows["statements"] < SMALL
    if int(small.sum()) == 1 and rows.height > 1:
        others = rows["statements"].filter(~small)
        small |= rows["statements"] == others.min()
    kept = ("timed", "hours_p50", *COUNTS)
    clear = [pl.when(~pl.col("small")).then(pl.col(name)).alias(name) for name in kept]
    return rows.with_columns(small.alias("small")).with_columns(clear)


def _with(whole: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The row of all, with the columns of the others."""
    blank = [
        pl.lit(None, dtype=rows.schema[name]).alias(name) for name in KINDS if name != "product"
    ]
    wanted = [*rows.columns, "small"]
    return whole.with_columns(*blank, pl.lit(value=False).alias("small")).select(wanted)


def _outcomes(connection: Connection) -> pl.DataFrame:
    a = appeals.c
    heard = select(a.enforcement_id, a.outcome).where(a.state != AppealState.INVALID)
    rows = connection.execute(heard.order_by(a.appeal_id))
    return pl.DataFrame([tuple(row) for row in rows], schema=OF_OUTCOMES, orient="row")


def _times(connection: Connection, since: datetime) -> pl.DataFrame:
    """Hours from the alert, or where there is none the case, to what was done."""
    e, a, d, c = enforcements.c, alerts.c, decisions.c, cases.c
    joined = (
        enforcements.outerjoin(alerts, a.alert_id == e.alert_id)
        .outerjoin(decisions, d.decision_id == e.decision_id)
        .outerjoin(cases, c.case_id == d.case_id)
    )
    began = case((a.opened_at.is_not(None), a.opened_at), else_=c.opened_at)
    found = select(e.enforcement_id, began.label("began"), e.applied_at).select_from(joined)
    rows = connection.execute(found.where(e.applied_at >= since - LATEST))
    frame = pl.DataFrame([tuple(row) for row in rows], schema=OF_SPANS, orient="row")
    hours = (pl.col("applied_at") - pl.col("began")).dt.total_seconds() / 3600
    return frame.select("enforcement_id", hours=hours).drop_nulls()


def _reports(connection: Connection, window: Window) -> pl.DataFrame:
    """What users reported in the window, by product, and what came of it so far."""
    r = reports.c
    inside = (r.at >= window.start, r.at < window.end)
    found = select(r.product, r.valid, func.count()).where(*inside).group_by(r.product, r.valid)
    names = {True: "confirmed", False: "dismissed", None: "open"}
    rows: dict[str, dict[str, Any]] = {}
    for product, valid, n in connection.execute(found):
        row = rows.setdefault(product, {"product": product, **dict.fromkeys(names.values(), 0)})
        row[names[valid]] = n
    made = [{**row, "received": sum(row[name] for name in names.values())} for row in rows.values()]
    return pl.DataFrame(made, schema=REPORTS).sort("product")
