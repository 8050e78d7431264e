"""How the queues went: what came and left, what is open, how old it is, and what was promised."""

from collections.abc import Iterable
from datetime import timedelta

import polars as pl

from orchestration.measurement.operations import littles_law, oldest_open, sla
from orchestration.reporting.facts import Facts
from orchestration.reporting.figures import LEAST, columns, exact, said, spread
from orchestration.reporting.window import Window

EVER = "1000y"  # one cohort of all that was due in the window
HOUR = timedelta(hours=1)
FLOW = {
    "queue": pl.String,
    "open_before": pl.Int64,
    "came": pl.Int64,
    "went": pl.Int64,
    "open_after": pl.Int64,
    "oldest_hours": pl.Float64,
    "age_p50_hours": pl.Float64,
    "age_p90_hours": pl.Float64,
    "stay_hours": pl.Float64,
    "stable": pl.Boolean,
}
PROMISED = {
    "queue": pl.String,
    "due": pl.Int64,
    "breached": pl.Int64,
    "open_overdue": pl.Int64,
    "breach": pl.Float64,
    "breach_lower": pl.Float64,
    "breach_upper": pl.Float64,
    "first_p50_hours": pl.Float64,
    "first_p90_hours": pl.Float64,
    "reads": pl.String,
}
WORK = {
    "queue": pl.String,
    "decisions": pl.Int64,
    "touch": pl.Float64,
    "touch_lower": pl.Float64,
    "touch_upper": pl.Float64,
    "touch_p90": pl.Float64,
    "wait": pl.Float64,
    "wait_lower": pl.Float64,
    "wait_upper": pl.Float64,
    "wait_p90": pl.Float64,
    "waiting_share": pl.Float64,
    "touch_reads": pl.String,
    "wait_reads": pl.String,
}


def names(facts: Facts, queues: Iterable[str]) -> list[str]:
    """Queues of the settings, and those that cases were in."""
    return list(dict.fromkeys([*queues, *sorted(facts.opens["queue"].unique())]))


def flow(facts: Facts, queues: Iterable[str]) -> pl.DataFrame:
    """Cases that came and went: open before + came - went = open after, in each queue.

    Ages are of what is open at the end, all of it. `stay_hours` is Little's law, null where
    nothing came; it holds only where `stable`.
    """
    window = facts.window
    rows = []
    for name in names(facts, queues):
        mine = facts.opens.filter(pl.col("queue") == name)
        items = mine.select(created_at="came", first_action_at="went", closed_at="went")
        law = littles_law(items, start=window.start, end=window.end)
        oldest = oldest_open(items, now=window.end)
        ages = mine.filter(_open_at(window, at_end=True)).select(
            ((window.end - pl.col("came")).dt.total_seconds() / 3600).alias("age")
        )["age"]
        row = {
            "queue": name,
            "open_before": mine.filter(_open_at(window, at_end=False)).height,
            "came": mine.filter(_inside("came", window)).height,
            "went": mine.filter(_inside("went", window)).height,
            "open_after": len(ages),
            "oldest_hours": oldest / HOUR if oldest is not None else None,
            "age_p50_hours": ages.median(),
            "age_p90_hours": ages.quantile(0.9, "linear"),
            "stay_hours": law.wait,
            "stable": law.stable if law.n else None,
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=FLOW)


def promised(facts: Facts, queues: Iterable[str]) -> pl.DataFrame:
    """First actions that were due in the window; what is open and overdue counts as breached.

    By Clopper and Pearson, null under 20; the times to the first action by Kaplan and Meier. Cases
    that became part of another are the other's.
    """
    window, rows = facts.window, []
    items = facts.cases.filter(
        ~pl.col("merged"), pl.col("due") >= window.start, pl.col("due") < window.end
    ).select("queue", created_at="began", due_at="due", first_action_at="acted")
    for name in names(facts, queues):
        mine = items.filter(pl.col("queue") == name)
        rows.append({"queue": name, **_kept(mine, window)})
    return pl.DataFrame(rows, schema=PROMISED)


def work(facts: Facts, queues: Iterable[str]) -> pl.DataFrame:
    """Minutes of the decisions of the window: in somebody's hands, and waiting for them.

    `waiting_share` is the part of all that time in which nobody had the case.
    """
    rows = []
    made = facts.rounds.filter(_inside("decided_at", facts.window))
    for name in names(facts, queues):
        mine = made.filter(pl.col("queue") == name)
        touch, wait = (
            spread(mine[f"{part}_minutes"].to_list(), LEAST) for part in ("touch", "wait")
        )
        waited, worked = (float(mine[f"{part}_minutes"].sum()) for part in ("wait", "touch"))
        known = mine.height >= LEAST and waited + worked > 0
        row = {
            "queue": name,
            "decisions": mine.height,
            **columns("touch", touch.median),
            "touch_p90": touch.p90,
            **columns("wait", wait.median),
            "wait_p90": wait.p90,
            "waiting_share": waited / (waited + worked) if known else None,
            "touch_reads": said(touch.median, "min"),
            "wait_reads": said(wait.median, "min"),
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=WORK)


def _inside(column: str, window: Window) -> pl.Expr:
    at = pl.col(column)
    return (at >= window.start) & (at < window.end)


def _open_at(window: Window, *, at_end: bool) -> pl.Expr:
    moment = window.end if at_end else window.start
    went = pl.col("went")
    return (pl.col("came") < moment) & (went.is_null() | (went >= moment))


def _kept(mine: pl.DataFrame, window: Window) -> dict[str, object]:
    """One queue's first actions that were due."""
    if mine.is_empty():
        return {"due": 0, "breached": 0, "open_overdue": 0, "reads": said(exact(0, 0))}
    (found,) = sla(mine, now=window.end, every=EVER).to_dicts()
    breach = exact(found["breached"], found["n"])
    times = {f"first_{name}_hours": _hours(found[name]) for name in ("p50", "p90")}
    return {
        "due": found["n"],
        "breached": found["breached"],
        "open_overdue": found["open_overdue"],
        **columns("breach", breach),
        **(times if found["n"] >= LEAST else {}),
        "reads": said(breach),
    }


def _hours(span: object) -> float | None:
    return span / HOUR if isinstance(span, timedelta) else None
