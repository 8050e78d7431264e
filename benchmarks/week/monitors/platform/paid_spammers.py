"""m8: a signup, then a payment, then at least twenty messages, all within ten minutes."""

from datetime import timedelta

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

LENGTH = timedelta(minutes=10)
WINDOW = ["account_id", "window_start"]


@monitor(
    product="platform",
    harm=Harm.FAKE_ACCOUNTS,
    entity="account_id",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=20,
    window=LENGTH,
    cadence="hourly",
    severity=Severity.S2,
    action="suspend_account",
    runbook="docs/benchmarks/week.md",
    canary=(
        Rows("actions", 1, values={"account_id": 1, "event_type": "signup"}),
        Rows(
            "actions",
            1,
            at=timedelta(minutes=1),
            values={"account_id": 1, "event_type": "payment"},
        ),
        Rows(
            "actions",
            20,
            at=timedelta(minutes=2),
            values={"account_id": 1, "event_type": "message_sent"},
        ),
    ),
)
def paid_spammers(actions: pl.LazyFrame) -> pl.LazyFrame:
    """Count messages after the first payment within ten minutes of a signup.

    Misses: patient spammers. False alarms: eager customers.
    """
    at, rows = pl.col("at"), _held(actions)
    begun = _times(rows, "signup").unique().rename({"at": "window_start"})
    cells = begun.with_columns(
        window_end=pl.col("window_start") + LENGTH,
        cell=pl.concat_list(_cell("window_start"), _cell("window_start") + LENGTH),
    ).explode("cell")
    payments = _within(cells, _times(rows, "payment"), since="window_start")
    paid = cells.join(payments.agg(paid=at.min()), on=WINDOW)
    sent = _within(paid, _times(rows, "message_sent"), since="paid").agg(n=pl.len())
    return begun.join(sent, on=WINDOW, how="left").select(
        *WINDOW,
        window_end=pl.col("window_start") + LENGTH,
        score=pl.col("n").fill_null(0),
    )


def _held(actions: pl.LazyFrame) -> pl.LazyFrame:
    """The few columns of the three kinds of event, read once and kept, as they are used often."""
    rows = actions.filter(pl.col("event_type").is_in(["signup", "payment", "message_sent"]))
    wanted = rows.select("account_id", "event_type", at="occurred_at")
    return wanted.collect(engine="streaming").lazy()


def _times(rows: pl.LazyFrame, kind: str) -> pl.LazyFrame:
    return rows.filter(pl.col("event_type") == kind).select("account_id", "at")


def _cell(time: str) -> pl.Expr:
    """Ten-minute cell of a time: a window reaches over two, which keeps the joins small."""
    return pl.col(time).dt.truncate("10m")


def _within(cells: pl.LazyFrame, rows: pl.LazyFrame, *, since: str) -> LazyGroupBy:
    """Rows of the account from `since` to the window's end, by window."""
    own = rows.with_columns(cell=_cell("at")).join(cells, on=["account_id", "cell"])
    inside = (pl.col("at") >= pl.col(since)) & (pl.col("at") < pl.col("window_end"))
    return own.filter(inside).group_by(WINDOW)
