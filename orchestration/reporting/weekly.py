"""The weekly report in Markdown: counts and ids of nobody, from the tables of `health`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from orchestration.reporting.figures import short
from orchestration.reporting.window import Window

FEW = 10  # rows of a long table
INTRO = (
    "Times are UTC. A share, rate or median stands with its 95 % interval and n, and reads "
    '"insufficient" where n is too small to say anything. Restricted queues are in one row.'
)
# Title, section, columns with what each is called, and what a reader has to know.
PARTS: Sequence[tuple[str, str, Mapping[str, str], str]] = (
    (
        "Queues",
        "queues",
        {
            "queue": "queue",
            "open_before": "open before",
            "came": "came",
            "went": "went",
            "open_after": "open after",
            "oldest_hours": "oldest, h",
            "age_p50_hours": "median age, h",
            "age_p90_hours": "p90 age, h",
        },
        "Open before + came - went = open after. Merged cases count as gone.",
    ),
    (
        "First action in time",
        "sla",
        {
            "queue": "queue",
            "due": "due",
            "breached": "late",
            "open_overdue": "of them open",
            "reads": "share late",
        },
        "Of what was due in the week; what is open and overdue is late.",
    ),
    (
        "Where time goes",
        "work",
        {
            "queue": "queue",
            "decisions": "decisions",
            "touch_reads": "median in hand",
            "wait_reads": "median wait",
        },
        "In hand is from taking a case to what its reviewer did with it.",
    ),
    (
        "Violating decisions by minute of review",
        "monitors",
        {
            "monitor": "monitor",
            "decisions": "decisions",
            "violating": "violating",
            "minutes": "minutes",
            "reads": "violating a minute",
        },
        "Most first; the interval is exact for a Poisson process.",
    ),
    (
        "Pages",
        "pages",
        {
            "monitor": "monitor",
            "pages": "pages",
            "pending": "not judged yet",
            "actionable": "actionable",
            "reads": "precision",
            "ack_reads": "median to answer",
            "unacked_reads": "ended by itself, unanswered",
        },
        "Messages of S0 and S1. Actionable: an alert that it names was violating, or acted on.",
    ),
    (
        "Noise",
        "noise",
        {
            "team": "team",
            "shifts": "shifts",
            "pages": "pages",
            "median": "median",
            "p90": "p90",
            "most": "most",
            "reads": "shifts with more than two",
            "calls": "calls by ladders",
        },
        "Shifts of twelve hours from each team's hand-over on.",
    ),
    (
        "Appeals",
        "appeals",
        {
            "product": "product",
            "received": "received",
            "decided": "decided",
            "reads": "overturned of decided",
            "enforcements": "enforcements",
            "appealed_reads": "appealed of these",
            "undone_reads": "overturned of these",
        },
        "Who appeals chooses to: no precision.",
    ),
    (
        "What was overturned",
        "overturns",
        {
            "by": "by",
            "name": "name",
            "overturned": "overturned",
            "cumulative": "cumulative share",
            "reads": "rate",
        },
        "",
    ),
    (
        "Capacity",
        "capacity",
        {
            "vendor": "vendor",
            "site": "site",
            "heads": "heads",
            "decisions": "decisions",
            "answers": "blind answers",
            "reads": "median in hand",
            "a_week": "decisions it can make in a week",
        },
        "Shrinkage 30 %, occupancy at most 85 %, 40 h a head.",
    ),
    (
        "Heads for the coming week",
        "staffing",
        {
            "queue": "queue",
            "quantile": "quantile",
            "arrivals": "arrivals",
            "open": "open now",
            "reads": "wanted",
            "there": "there",
        },
        "For all that comes, with nothing left at the end that is older than the last open day.",
    ),
    (
        "Blind reviews",
        "labelling",
        {
            "made": "made",
            "answers": "answers",
            "open": "open",
            "disputed": "disputed",
            "oldest_days": "oldest, days",
        },
        "",
    ),
)


def weekly(
    name: str, window: Window, tables: Mapping[str, pl.DataFrame], *, made_at: datetime
) -> str:
    """The report of a week as one Markdown text; equal tables give equal texts."""
    parts = [
        f"# Week {name}",
        f"{window.text}. Made at {made_at:%Y-%m-%d %H:%MZ}. {INTRO}",
        _summary(tables),
        *(_part(title, _told(tables, part), columns, note) for title, part, columns, note in PARTS),
    ]
    return "\n\n".join(parts) + "\n"


def table(rows: pl.DataFrame, columns: Mapping[str, str], most: int = FEW) -> str:
    """Rows as a table of Markdown; of more than `most` the rest is counted."""
    if rows.is_empty():
        return "Nothing."
    head = "| " + " | ".join(columns.values()) + " |"
    line = "|" + "---|" * len(columns)
    body = [
        "| " + " | ".join(map(_cell, row)) + " |"
        for row in rows.head(most).select(list(columns)).iter_rows()
    ]
    left = [f"\n{rows.height - most} more."] if rows.height > most else []
    return "\n".join([head, line, *body, *left])


def _summary(tables: Mapping[str, pl.DataFrame]) -> str:
    """The week in a few counts."""
    queues, due = tables["queues"], tables["sla"]
    came, went, left = (int(queues[name].sum()) for name in ("came", "went", "open_after"))
    made = int(tables["work"]["decisions"].sum())
    pages, shifts = (int(tables["noise"][name].sum()) for name in ("pages", "shifts"))
    whole = tables["appeals"].tail(1).to_dicts()[0]
    lost = whole["overturned"] + whole["partial"]
    return (
        f"Cases: {came} came, {went} went, {left} open. First actions: {int(due['due'].sum())} "
        f"due, {int(due['breached'].sum())} late. Decisions: {made}. Pages: {pages} in {shifts} "
        f"shifts. Appeals: {whole['decided']} decided, {lost} overturned in whole or in part."
    )


def _part(title: str, rows: pl.DataFrame, columns: Mapping[str, str], note: str) -> str:
    text = f"## {title}\n\n{table(rows, columns, _most(rows))}"
    return f"{text}\n\n{note}" if note and not rows.is_empty() else text


def _told(tables: Mapping[str, pl.DataFrame], part: str) -> pl.DataFrame:
    """A table's rows; of monitors those that paged."""
    return tables[part].filter(pl.col("pages") > 0) if part == "pages" else tables[part]


def _most(rows: pl.DataFrame) -> int:
    """All queues and teams, but only the first of many monitors."""
    return FEW if rows.columns[0] in {"monitor", "by"} else rows.height


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return short(value)
    return str(value).replace("|", "\\|")
