"""Appeals in numbers, and which monitors and policies what was overturned came of."""

import polars as pl

from orchestration.reporting.facts import Facts
from orchestration.reporting.figures import columns, said, share, spread
from orchestration.reporting.window import Window

OVERTURNED = ("overturned", "partial")
APPEALS = {
    "product": pl.String,
    "received": pl.Int64,
    "decided": pl.Int64,
    "upheld": pl.Int64,
    "overturned": pl.Int64,
    "partial": pl.Int64,
    "overturn": pl.Float64,
    "overturn_lower": pl.Float64,
    "overturn_upper": pl.Float64,
    "days": pl.Float64,
    "days_lower": pl.Float64,
    "days_upper": pl.Float64,
    "enforcements": pl.Int64,
    "appealed": pl.Int64,
    "undone": pl.Int64,
    "reads": pl.String,
    "appealed_reads": pl.String,
    "undone_reads": pl.String,
}
PARETO = {
    "by": pl.String,
    "name": pl.String,
    "overturned": pl.Int64,
    "decided": pl.Int64,
    "share": pl.Float64,
    "cumulative": pl.Float64,
    "reads": pl.String,
}
ALL = "(all)"


def appeals(window: Window, every: pl.DataFrame, acted: pl.DataFrame) -> pl.DataFrame:
    """Appeals and enforcements, frames of `actions`, by product; the last row has all.

    The overturn rate is of appeals decided in the window. `appealed` and `undone` are of the
    enforcements applied in it, so far. Who appeals chooses to: none of these is a precision. Null
    under 20.
    """
    rows = []
    for product in [*sorted({*every["product"], *acted["product"]}), ALL]:
        mine = pl.lit(value=True) if product == ALL else pl.col("product") == product
        rows.append({"product": product, **_row(window, every.filter(mine), acted.filter(mine))})
    return pl.DataFrame(rows, schema=APPEALS)


def pareto(facts: Facts) -> pl.DataFrame:
    """Overturned decisions of the window by monitor and by policy, most first.

    `share` is of all overturned, `cumulative` with those above; `reads` is the rate of each one's
    own appeals.
    """
    made = _decided(facts.window, facts.appeals).with_columns(
        lost=pl.col("outcome").is_in(OVERTURNED)
    )
    rows = []
    for by in ("monitor", "policy"):
        counted = (
            made.group_by(by)
            .agg(overturned=pl.col("lost").sum(), decided=pl.len())
            .filter(pl.col("overturned") > 0)
            .sort(["overturned", by], descending=[True, False])
        )
        whole, above = int(counted["overturned"].sum()), 0
        for name, k, n in counted.iter_rows():
            above += k
            shares = {"share": k / whole, "cumulative": above / whole}
            row = {"by": by, "name": name, "overturned": k, "decided": n}
            rows.append({**row, **shares, "reads": said(share(k, n))})
    return pl.DataFrame(rows, schema=PARETO)


def _row(window: Window, every: pl.DataFrame, acted: pl.DataFrame) -> dict[str, object]:
    came = every.filter(
        pl.col("received_at") >= window.start, pl.col("received_at") < window.end
    ).height
    made = _decided(window, every)
    counts = dict(made["outcome"].value_counts(sort=False).iter_rows())
    lost = sum(counts.get(one, 0) for one in OVERTURNED)
    overturn = share(lost, made.height)
    of_these = every.join(acted.select("enforcement_id"), on="enforcement_id")
    undone = of_these.filter(pl.col("outcome").is_in(OVERTURNED))["enforcement_id"].n_unique()
    appealed = of_these["enforcement_id"].n_unique()
    days = (made["decided_at"] - made["received_at"]).dt.total_seconds() / 86400
    return {
        "received": came,
        "decided": made.height,
        **{one: counts.get(one, 0) for one in ("upheld", *OVERTURNED)},
        **columns("overturn", overturn),
        **columns("days", spread(days.to_list()).median),
        "enforcements": acted.height,
        "appealed": appealed,
        "undone": undone,
        "reads": said(overturn),
        "appealed_reads": said(share(appealed, acted.height)),
        "undone_reads": said(share(undone, acted.height)),
    }


def _decided(window: Window, every: pl.DataFrame) -> pl.DataFrame:
    at = pl.col("decided_at")
    inside = (at >= window.start) & (at < window.end)
    return every.filter(inside, pl.col("outcome").is_not_null())
