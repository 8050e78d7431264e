"""The operation in numbers: change of a mix, deadlines, flow, staffing and what is to come."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import CONFIDENCE, check_columns, check_whole
from orchestration.measurement.rates import clopper_pearson
from orchestration.measurement.simulation import Floats

EPS = 1e-4
WEEK = 7
HALF, MOST = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Flow:
    """Little's law over a window: items in the system = arrivals an hour x hours in it.

    `wait` is L / lambda, in hours; null without arrivals. It holds only where `stable`: the work
    at the end differs from that at the start by no more than chance (two standard deviations).
    """

    n: int
    per_hour: float
    in_system: float
    wait: float | None
    stable: bool
    method: str = "Little's law"


@dataclass(frozen=True, slots=True)
class Service:
    """What a number of agents gives by Erlang C: a model's figures, of no sample."""

    agents: int
    scheduled: int
    wait_probability: float
    service_level: float
    occupancy: float
    method: str = "Erlang C"


def psi(reference: pl.Series, current: pl.Series) -> float:
    """Population stability index of counts or shares by bin: sum((c - r) ln(c / r)).

    Shares under 1e-4 count as 1e-4, so an empty bin weighs the same everywhere. 0.1 and 0.25 are
    conventions, no tests. Raises MeasurementError for unequal bins, and counts that cannot be.
    """
    if reference.len() != current.len():
        raise MeasurementError(
            f"{reference.len()} and {current.len()} bins were given; wanted the same for both."
        )
    r, c = (_shares(each) for each in (reference, current))
    return float(((c - r) * np.log(c / r)).sum())


def sla(
    items: pl.DataFrame, *, now: datetime, every: str = "1d", confidence: float = CONFIDENCE
) -> pl.DataFrame:
    """Deadlines kept, by due date: items[created_at, due_at, first_action_at], a row per cohort.

    A cohort is what was due by `now` in a span of `every`; what is still open and overdue counts
    as breached: it would look better the less was done. `n`, `breached`, `open_overdue`, `breach`
    (share) with Clopper and Pearson's `lower` and `upper`, and `p50` and `p90` of the time to the
    first action by Kaplan and Meier (1958), where open items wait on; null where not reached.
    An action after `now` has not happened. What is due later is in no cohort. Raises
    MeasurementError for null times of creation or due.
    """
    given = _items(items, "created_at", "due_at", "first_action_at")
    known = given.filter(pl.col("due_at") <= now).with_columns(
        acted=pl.when(pl.col("first_action_at") <= now).then("first_action_at")
    )
    end = pl.col("acted").fill_null(now)
    cohort = known.with_columns(
        due=pl.col("due_at").dt.truncate(every), waited=end - pl.col("created_at")
    )
    late = pl.col("acted").is_null() | (pl.col("acted") > pl.col("due_at"))
    counted = cohort.group_by("due").agg(
        n=pl.len().cast(pl.Int64),
        breached=late.sum().cast(pl.Int64),
        open_overdue=pl.col("acted").is_null().sum().cast(pl.Int64),
    )
    joined = counted.join(_waits(cohort), on="due", how="left").sort("due")
    pairs = joined.select("breached", "n").iter_rows()
    found = [clopper_pearson(k, n, confidence) for k, n in pairs]
    return joined.with_columns(
        pl.Series("breach", [one.value for one in found], dtype=pl.Float64),
        pl.Series("lower", [one.lower for one in found], dtype=pl.Float64),
        pl.Series("upper", [one.upper for one in found], dtype=pl.Float64),
    )


def oldest_open(items: pl.DataFrame, *, now: datetime) -> timedelta | None:
    """How long the longest-waiting open item of items[created_at, first_action_at] has waited.

    Null where none is open.
    """
    given = _items(items, "created_at", None, "first_action_at")
    acted = pl.col("first_action_at") <= now
    waiting = given.filter(pl.col("created_at") <= now, ~acted.fill_null(value=False))
    first = waiting["created_at"].min()
    return now - first if isinstance(first, datetime) else None


def littles_law(items: pl.DataFrame, *, start: datetime, end: datetime) -> Flow:
    """Flow over [start, end) of items[created_at, closed_at]; a null `closed_at` is still open.

    Raises MeasurementError for a window of nothing and for an item closed before it came.
    """
    if end <= start:
        raise MeasurementError(f"The window is {start} to {end}; wanted an end after the start.")
    given = _items(items, "created_at", None, "closed_at")
    if (given["closed_at"] < given["created_at"]).any():
        raise MeasurementError("An item was closed before it came; wanted the order of time.")
    came, went = pl.col("created_at"), pl.col("closed_at")
    inside = pl.min_horizontal(went.fill_null(end), pl.lit(end)) - pl.max_horizontal(came, start)
    hour, length = timedelta(hours=1), end - start
    stay = given.filter(came < end, went.is_null() | (went > start)).select(inside.sum()).item()
    arrived = given.filter(came >= start, came < end).height
    left = given.filter(went >= start, went < end).height
    in_system = (stay or timedelta()) / length
    rate = arrived / (length / hour)
    stable = abs(arrived - left) <= 2 * math.sqrt(arrived + left)
    return Flow(arrived, rate, in_system, in_system / rate if rate else None, stable)


def capacity(
    heads: float, hours: float, *, shrinkage: float, occupancy: float, handling: timedelta
) -> float:
    """Items worked off: heads x hours x (1 - shrinkage) x occupancy / handling time."""
    if not 0 <= shrinkage < 1 or not 0 < occupancy <= 1 or handling <= timedelta():
        raise MeasurementError(
            f"shrinkage {shrinkage}, occupancy {occupancy}, handling {handling} were given; wanted "
            "a shrinkage in [0, 1), an occupancy in (0, 1] and a time over 0."
        )
    return heads * hours * (1 - shrinkage) * occupancy / (handling / timedelta(hours=1))


def backlog(periods: pl.DataFrame, *, start: float = 0) -> pl.DataFrame:
    """What stays undone: periods[arrivals, capacity] in order, with `backlog` and `done` added.

    B' = max(0, B + arrivals - capacity); arrivals less done is exactly what the backlog grew by.
    """
    check_columns("periods", periods, ("arrivals", "capacity"))
    check_whole("periods", periods, ("arrivals", "capacity"))
    net = periods["arrivals"].cast(pl.Float64) - periods["capacity"].cast(pl.Float64)
    walk = np.cumsum(net.to_numpy()) + start
    left = walk - np.minimum(np.minimum.accumulate(walk), 0) if len(walk) else walk
    before = np.append(start, left)[: len(left)]
    done = before + periods["arrivals"].to_numpy() - left
    return periods.with_columns(backlog=left, done=done)


def erlang_c(
    per_hour: float, handling: timedelta, agents: int, within: timedelta, shrinkage: float = 0
) -> Service:
    """Waiting with `agents` at work: Pw = c B / (c - A (1 - B)), SL = 1 - Pw exp(-(c - A) T / AHT).

    B is Erlang's loss formula, A = arrivals x handling time (Erlang, 1917). Where A >= agents the
    queue only grows: all wait and none is served in time; take `backlog`. `scheduled` are the
    heads it takes for so many at work, with `shrinkage` away. Raises MeasurementError for no
    agents, handling time or arrivals.
    """
    if per_hour <= 0 or handling <= timedelta() or agents < 1 or not 0 <= shrinkage < 1:
        raise MeasurementError(
            f"{per_hour} an hour, {handling} each, {agents} agents, shrinkage {shrinkage} were "
            "given; wanted more than 0 of the first three, and a shrinkage in [0, 1)."
        )
    load = per_hour * (handling / timedelta(hours=1))
    heads = math.ceil(agents / (1 - shrinkage) - 1e-9)  # 14 / 0.7 is 20, but for rounding
    if load >= agents:
        return Service(agents, heads, 1.0, 0.0, 1.0)
    loss = 1.0
    for n in range(1, agents + 1):
        loss = load * loss / (n + load * loss)
    waiting = agents * loss / (agents - load * (1 - loss))
    level = 1 - waiting * math.exp(-(agents - load) * (within / handling))
    return Service(agents, heads, waiting, level, load / agents)


def staff(
    per_hour: float,
    handling: timedelta,
    *,
    within: timedelta,
    level: float,
    occupancy: float = 0.85,
    shrinkage: float = 0,
) -> Service:
    """The fewest agents who serve a share `level` in time and are busy at most `occupancy`.

    With deadlines of many handling times the occupancy decides, or the backlog: Erlang C asks for
    less. Raises MeasurementError as `erlang_c` does and for shares that are not within 0 and 1.
    """
    if not 0 < level < 1 or not 0 < occupancy < 1:
        raise MeasurementError(
            f"level {level}, occupancy {occupancy} were given; wanted both within 0 and 1."
        )
    found = erlang_c(per_hour, handling, 1, within, shrinkage)
    load = per_hour * (handling / timedelta(hours=1))
    agents = max(1, math.ceil(load / occupancy - 1e-9))
    while found.agents < agents or found.service_level < level:
        found = erlang_c(per_hour, handling, max(agents, found.agents + 1), within, shrinkage)
    return found


def forecast(
    history: pl.DataFrame, *, days: int, quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
) -> pl.DataFrame:
    """The next `days` of history[day, value]: the same weekday's last value, and its usual errors.

    Seasonal-naive (Hyndman and Athanasopoulos, 2021): `forecast` is the value so many whole weeks
    before, `n` the errors of the past at the same distance, and each quantile, `q0.1` and so on,
    the forecast and the ceil((n + 1) q)-th error, never under 0; null where n is too few for it.
    A day without a row, or a null value, is unknown, not 0. Raises MeasurementError for a day
    twice, no history, and quantiles outside (0, 1). A cleverer model must beat this one.
    """
    check_columns("history", history, ("day", "value"))
    check_whole("history", history, ("day",))
    known = history.select("day", pl.col("value").cast(pl.Float64)).sort("day")
    if known["day"].is_duplicated().any() or known.is_empty() or days < 1:
        raise MeasurementError("Wanted a history of at least one day, each once, and days to come.")
    if not all(0 < q < 1 for q in quantiles):
        raise MeasurementError(f"The quantiles are {quantiles}; wanted each within 0 and 1.")
    whole = known.upsample("day", every="1d")
    values, last = whole["value"].fill_null(np.nan).to_numpy(), whole["day"][-1]
    rows = []
    for ahead in range(1, days + 1):
        lag = math.ceil(ahead / WEEK) * WEEK
        at = len(values) - 1 + ahead - lag
        base = float(values[at]) if at >= 0 else math.nan
        errors = np.sort(values[lag:] - values[:-lag])
        errors = errors[np.isfinite(errors)]
        row = {"day": last + timedelta(days=ahead), "n": len(errors), "forecast": _known(base)}
        rows.append(row | {f"q{q}": _known(base + _quantile(errors, q)) for q in quantiles})
    schema: dict[str, pl.DataType] = {"day": known.schema["day"], "n": pl.Int64()}
    numbers = ["forecast", *(f"q{q}" for q in quantiles)]
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(numbers, pl.Float64()))


def _quantile(errors: Floats, q: float) -> float:
    """From both ends alike, so that a share q of what comes is under it."""
    n = len(errors)
    place = math.ceil((n + 1) * q - 1e-9) if q >= HALF else math.floor((n + 1) * q + 1e-9)
    return float(errors[place - 1]) if 1 <= place <= n else math.nan


def _known(value: float) -> float | None:
    return None if math.isnan(value) else max(0.0, value)


def _shares(counts: pl.Series) -> Floats:
    given = counts.cast(pl.Float64)
    if given.is_empty() or given.null_count() or given.min() < 0 or given.sum() <= 0:  # type: ignore[operator]
        raise MeasurementError("The bins hold nothing, a null, or less than 0; wanted counts.")
    shares: Floats = np.maximum((given / given.sum()).to_numpy(), EPS)
    return shares


def _items(items: pl.DataFrame, came: str, due: str | None, went: str) -> pl.DataFrame:
    wanted = [came, due] if due else [came]
    check_columns("items", items, [*wanted, went])
    check_whole("items", items, wanted)
    return items.with_columns(pl.col(went).cast(items.schema[came]))


def _waits(cohort: pl.DataFrame) -> pl.DataFrame:
    """Kaplan and Meier's median and 90 % quantile of `waited` in each cohort."""
    event = pl.col("acted").is_not_null()
    ordered = cohort.with_columns(event=event).sort(
        "due", "waited", "event", descending=[False, False, True]
    )
    at_risk = pl.len().over("due") - pl.int_range(pl.len()).over("due")
    left = (1 - pl.col("event").cast(pl.Float64) / at_risk).cum_prod().over("due")
    steps = ordered.with_columns(left=left)
    reached = [
        pl.col("waited").filter(pl.col("left") <= 1 - share + 1e-9).min().alias(name)
        for name, share in (("p50", HALF), ("p90", MOST))
    ]
    return steps.group_by("due").agg(reached)
