"""Who works off how much, by vendor and site, and how many the coming week needs."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import takewhile

import polars as pl

from orchestration.measurement.operations import backlog, capacity, forecast
from orchestration.oncall.hours import Hours, openings
from orchestration.oncall.people import Person, Roster, may
from orchestration.oncall.walls import DAY, Span
from orchestration.reporting.facts import LOOK_BACK, Facts
from orchestration.reporting.figures import LEAST, columns, said, spread
from orchestration.triage.desks import Desks, Queue

SHRINKAGE, OCCUPANCY = 0.30, 0.85
HOURS = 40.0  # a week's of one head
HEADS = 3  # under which a group's minutes would be a person's
DAYS = 7
QUANTILES = (0.1, 0.5, 0.9)
MANY = 10_000  # heads, beyond which nobody is hired
OWN, NOWHERE = "(own)", "(unknown)"
CAPACITY = {
    "vendor": pl.String,
    "site": pl.String,
    "heads": pl.Int64,
    "decisions": pl.Int64,
    "answers": pl.Int64,
    "hours": pl.Float64,
    "minutes": pl.Float64,
    "minutes_lower": pl.Float64,
    "minutes_upper": pl.Float64,
    "a_week": pl.Float64,
    "reads": pl.String,
}
NEEDED = {
    "queue": pl.String,
    "quantile": pl.Float64,
    "errors": pl.Int64,
    "arrivals": pl.Float64,
    "open": pl.Int64,
    "decisions": pl.Int64,
    "minutes": pl.Float64,
    "heads": pl.Int64,
    "there": pl.Float64,
    "reads": pl.String,
}


def capacities(facts: Facts, roster: Roster) -> pl.DataFrame:
    """Reviewers of each vendor and site, what they did in the window, and what they can do.

    `a_week` are decisions: heads x 40 h x (1 - 0.30) x 0.85 / the mean minutes in hand. Times are
    null under 20 decisions and under three heads. Golden tasks are not among the answers.
    """
    group = {who.id: (who.vendor or OWN, who.site or NOWHERE) for who in _reviewers(roster)}
    made = handled(facts).filter(pl.col("decided_at") >= facts.window.start)
    rows = []
    for vendor, site in sorted(set(group.values())):
        mine = [who for who, where in group.items() if where == (vendor, site)]
        minutes = made.filter(pl.col("decider").is_in(mine))["touch_minutes"]
        enough = minutes if len(mine) >= HEADS else minutes.head(0)
        median = spread(enough.to_list()).median
        row = {
            "vendor": vendor,
            "site": site,
            "heads": len(mine),
            "decisions": len(minutes),
            "answers": facts.answers.filter(pl.col("rater").is_in(mine)).height,
            "hours": float(enough.sum()) / 60 if median.value is not None else None,
            **columns("minutes", median),
            "a_week": _worked(len(mine), HOURS, mean_of(enough)),
            "reads": said(median, "min") if len(mine) >= HEADS else "fewer than three heads",
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=CAPACITY)


def handled(facts: Facts) -> pl.DataFrame:
    """Each decision up to the window's end with its decider and minutes in hand."""
    deciders = facts.units.unique("decision_id", maintain_order=True)
    made = facts.rounds.join(
        deciders.select("case_id", "decided_at", "decider"), on=["case_id", "decided_at"]
    )
    return made.filter(pl.col("decided_at") < facts.window.end)


def needed(facts: Facts, desks: Desks, roster: Roster, queues: Iterable[str]) -> pl.DataFrame:
    """Heads that each queue needs in the seven days after the window, by quantile of what comes.

    The fewest who can do what comes, and with whom, by the backlog model, what is left at the end
    came on the last open day or since. Every day of a row is at its quantile, so a week is seldom
    as bad as the row of 0.9. `errors` is the number of past errors behind the quantiles, `there`
    the reviewers now, each shared among the queues they may work on. Null without the history or
    20 decisions.
    """
    rows = []
    made, end = handled(facts), facts.window.end
    for name in queues:
        mine = facts.opens.filter(pl.col("queue") == name)
        history = arrivals(mine, end)
        minutes = made.filter(pl.col("queue") == name)["touch_minutes"]
        open_ = mine.filter(
            pl.col("came") < end, pl.col("went").is_null() | (pl.col("went") >= end)
        ).height
        there = _there(roster, desks, name)
        known = forecast(history, days=DAYS, quantiles=QUANTILES) if history.height else None
        for quantile in QUANTILES:
            coming = known[f"q{quantile}"].to_list() if known is not None else []
            row: dict[str, object] = {
                "queue": name,
                "quantile": quantile,
                "errors": int(known["n"].min() or 0) if known is not None else 0,  # type: ignore[arg-type]
                "open": open_,
                "decisions": len(minutes),
                "minutes": mean_of(minutes),
                "there": there,
            }
            spans = _days(desks.queues[name].hours, end)
            rows.append(row | _need(coming, open_, spans, mean_of(minutes)))
    return pl.DataFrame(rows, schema=NEEDED)


def arrivals(mine: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Cases of each whole day before `end`, from the first one on, as `forecast` wants them."""
    last = end.date()
    days = mine.select(day=pl.col("came").dt.date()).filter(
        pl.col("day") < last, pl.col("day") >= (end - LOOK_BACK).date()
    )
    first = days["day"].min()
    if not isinstance(first, date):
        return pl.DataFrame(schema={"day": pl.Date, "value": pl.Int64})
    every = pl.date_range(first, last - DAY, eager=True).alias("day").to_frame()
    counted = days.group_by("day").agg(value=pl.len().cast(pl.Int64))
    return every.join(counted, on="day", how="left").with_columns(pl.col("value").fill_null(0))


def mean_of(minutes: pl.Series) -> float | None:
    """The mean, from 20 on; what work takes in all depends on it, not on the median."""
    found = minutes.mean() if len(minutes) >= LEAST else None
    return found if isinstance(found, float) else None


def fewest(
    coming: Sequence[float], start: int, hours: Sequence[float], minutes: float
) -> int | None:
    """The fewest heads who can do a week's arrivals and leave nothing older than the last open day.

    The first alone would leave an old backlog, the second alone a new one to the next week. `hours`
    are one head's of each day. Null where no number of heads is enough.
    """
    if not any(hours):
        return None
    last = max(at for at, some in enumerate(hours) if some)
    young = sum(coming[last:])

    def suffices(heads: int) -> bool:
        able = [_worked(heads, some, minutes) or 0.0 for some in hours]
        if sum(able) + 1e-9 < sum(coming):
            return False
        days = pl.DataFrame({"arrivals": coming, "capacity": able}, strict=False)
        return float(backlog(days, start=start)["backlog"][-1]) <= young + 1e-9

    found = bisect_left(range(MANY), x=True, key=suffices)
    return found if found < MANY else None


def _need(
    coming: Sequence[float | None], start: int, hours: Sequence[float], minutes: float | None
) -> dict[str, object]:
    known = [one for one in coming if one is not None]
    if len(known) < DAYS or minutes is None or minutes <= 0:
        arrivals_ = sum(known) if len(known) == DAYS else None
        return {"arrivals": arrivals_, "heads": None, "reads": "insufficient"}
    heads = fewest(known, start, hours, minutes)
    reads = "never open" if heads is None else f"{heads} heads for {sum(known):.0f} cases"
    return {"arrivals": sum(known), "heads": heads, "reads": reads}


def _worked(heads: int, hours: float, minutes: float | None) -> float | None:
    if not minutes:
        return None
    handling = timedelta(minutes=minutes)
    return capacity(heads, hours, shrinkage=SHRINKAGE, occupancy=OCCUPANCY, handling=handling)


def _days(hours: Hours, start: datetime) -> list[float]:
    """Hours that one head works on each of the seven days: as the queue is open, at most 40."""
    first = start.replace(hour=0, minute=0, second=0, microsecond=0)
    spans = list(takewhile(lambda span: span.start < first + DAYS * DAY, openings(hours, first)))
    each = [_overlap(spans, Span(first + at * DAY, first + (at + 1) * DAY)) for at in range(DAYS)]
    part = min(1.0, HOURS / sum(each)) if sum(each) else 0.0
    return [some * part for some in each]


def _overlap(spans: Sequence[Span], day: Span) -> float:
    both = (min(span.end, day.end) - max(span.start, day.start) for span in spans)
    return sum(max(some, timedelta(0)) / timedelta(hours=1) for some in both)


def _reviewers(roster: Roster) -> list[Person]:
    return [who for who in roster.people if may(who, "review")]


def _there(roster: Roster, desks: Desks, name: str) -> float:
    """Reviewers of a queue, each shared evenly among those they have the skills for."""
    found = 0.0
    for who in _reviewers(roster):
        mine = [one for one, queue in desks.queues.items() if _fits(who, queue)]
        found += 1 / len(mine) if name in mine else 0.0
    return found


def _fits(who: Person, queue: Queue) -> bool:
    return queue.skills <= who.skills
