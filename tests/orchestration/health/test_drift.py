from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from monitors.columns import TIMESTAMP, schema
from orchestration.health.drift import Drift, drift
from tests.support.lakes import at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = at("2026-03-30T09:00")
SCHEMA = schema(
    {
        "partition": TIMESTAMP,
        "flagged": pl.Int64,
        "scored": pl.Int64,
        "every": pl.String,
        "drift": pl.String,
    }
)


def past(
    *rows: tuple[datetime, int, int], every: str = "1h", state: str | None = "steady"
) -> pl.DataFrame:
    return pl.DataFrame([(*row, every, state) for row in rows], schema=SCHEMA, orient="row")


def days(flagged: int, scored: int, *, n: int = 28, hour: datetime = NOW) -> pl.DataFrame:
    """So many findings and scores at one hour of each of the last days."""
    return past(*((hour - d * DAY, flagged, scored) for d in range(1, n + 1)))


def state(history: pl.DataFrame, hits: int, scored: int) -> str:
    return drift(history, partition=NOW, hits=hits, scored=scored).state


def test_without_history_there_is_insufficient_data() -> None:
    found = drift(past(), partition=NOW, hits=9, scored=100)
    assert found == Drift("insufficient data", 9, 100, None, 0)


def test_fourteen_periods_and_five_hundred_scores_are_sufficient() -> None:
    assert state(days(10, 100, n=13), 10, 100) == "insufficient data"
    assert state(days(10, 100, n=14), 10, 100) == "steady"
    assert state(days(1, 20, n=28), 2, 20) == "insufficient data"
    assert state(days(1, 25, n=28), 1, 25) == "steady"
    assert state(days(10, 100), 0, 0) == "insufficient data"


def test_a_partition_without_scores_is_no_history() -> None:
    silent = past(*((NOW - d * DAY, 0, 0) for d in range(15, 29)))
    assert state(pl.concat([days(10, 100, n=13), silent]), 10, 100) == "insufficient data"


def test_what_is_expected_is_the_share_of_the_past_times_the_scores_of_now() -> None:
    found = drift(days(10, 100), partition=NOW, hits=21, scored=200)
    assert found.state == "steady"
    assert found.expected == pytest.approx(20.0, abs=0.05)
    assert (found.hits, found.scored, found.periods) == (21, 200, 28)


@pytest.mark.parametrize(
    ("hits", "wanted"), [(100, "steady"), (50, "down"), (0, "down"), (160, "up"), (1000, "up")]
)
def test_far_more_or_fewer_findings_than_usual_alarm(hits: int, wanted: str) -> None:
    assert state(days(100, 1000), hits, 1000) == wanted


def test_a_monitor_gone_blind_is_noticed() -> None:
    assert state(days(20, 1000), 0, 1000) == "down"
    assert state(days(1, 1000), 0, 1000) == "steady"


def test_a_change_of_less_than_a_quarter_is_none_however_sure() -> None:
    assert state(days(100_000, 1_000_000), 124_000, 1_000_000) == "steady"
    assert state(days(100_000, 1_000_000), 126_000, 1_000_000) == "up"
    assert state(days(100_000, 1_000_000), 76_000, 1_000_000) == "steady"
    assert state(days(100_000, 1_000_000), 74_000, 1_000_000) == "down"


def test_a_change_of_fewer_than_three_findings_is_none() -> None:
    assert state(days(0, 1_000_000), 2, 1000) == "steady"
    assert state(days(0, 1_000_000), 4, 1000) == "up"


def test_an_anomaly_is_not_learnt_as_normal() -> None:
    anomalies = past(*((NOW - d * DAY, 500, 1000) for d in range(1, 15)), state="up")
    usual = past(*((NOW - d * DAY, 100, 1000) for d in range(15, 29)), state=None)
    history = pl.concat([anomalies, usual])
    assert drift(history, partition=NOW, hits=500, scored=1000).state == "up"
    assert drift(history, partition=NOW, hits=100, scored=1000).periods == 14
    learnt = history.with_columns(drift=pl.lit("steady"))
    assert state(learnt, 300, 1000) == "steady"


def test_only_the_past_28_days_count_and_never_the_partition_itself() -> None:
    old = past(*((NOW - d * DAY, 900, 1000) for d in range(29, 60)))
    here = past((NOW, 900, 1000), (NOW + DAY, 900, 1000))
    found = drift(pl.concat([old, days(100, 1000), here]), partition=NOW, hits=100, scored=1000)
    assert (found.state, found.periods) == ("steady", 28)


def test_a_day_counts_more_than_the_days_before_it() -> None:
    rising = past(*((NOW - d * DAY, 128 - d, 1000) for d in range(1, 29)))
    falling = past(*((NOW - d * DAY, 99 + d, 1000) for d in range(1, 29)))
    up = drift(rising, partition=NOW, hits=100, scored=1000).expected
    down = drift(falling, partition=NOW, hits=100, scored=1000).expected
    assert up is not None
    assert down is not None
    assert (round(up), round(down)) == (115, 112)


def test_an_hour_is_compared_with_the_same_hour_of_other_days() -> None:
    night = days(10, 1000, hour=at("2026-03-30T03:00"))
    busy = pl.concat([night, days(100, 1000), days(10, 1000, hour=NOW - HOUR)])
    assert state(busy, 100, 1000) == "steady"
    assert state(busy, 10, 1000) == "down"


def test_hours_next_to_it_help_when_the_hour_itself_tells_too_little() -> None:
    around = [days(3, 20, hour=NOW + step * HOUR) for step in (-1, 0, 1)]
    found = drift(pl.concat(around), partition=NOW, hits=3, scored=20)
    assert (found.state, found.periods) == ("steady", 83)
    midnight = at("2026-03-30T00:00")
    around = [days(3, 20, hour=midnight + step * HOUR) for step in (-1, 0, 1)]
    assert drift(pl.concat(around), partition=midnight, hits=3, scored=20).periods == 83


def test_days_are_compared_with_days() -> None:
    history = past(*((NOW.replace(hour=0) - d * DAY, 100, 1000) for d in range(1, 29)), every="1d")
    found = drift(history, partition=NOW.replace(hour=0), hits=10, scored=1000)
    assert (found.state, found.periods) == ("down", 28)


HOURS = [NOW - n * HOUR for n in range(28 * 24, 0, -1)]
BY_DAY = {h: 8 <= h < 20 for h in range(24)}
SEASONS = {
    "the rate is ten times higher by day": ({True: 0.05, False: 0.005}, {True: 2000, False: 2000}),
    "ten times more is scored by day": ({True: 0.02, False: 0.02}, {True: 2000, False: 200}),
    "a higher rate of less by night": ({True: 0.004, False: 0.04}, {True: 2000, False: 200}),
}


def alarms(
    rates: dict[bool, float], volumes: dict[bool, int], *, seed: int, n: int, factor: float = 1
) -> int:
    """In how many of `n` seeded histories the next hour alarms, its rate being `factor` times."""
    random = np.random.default_rng(seed)
    rate = np.array([rates[BY_DAY[h.hour]] for h in HOURS])
    volume = np.array([volumes[BY_DAY[h.hour]] for h in HOURS])
    found = 0
    for i in range(n):
        now = NOW - (i % 24) * HOUR
        scored = random.poisson(volume)
        rows = {"partition": HOURS, "flagged": random.binomial(scored, rate), "scored": scored}
        history = pl.DataFrame({**rows, "every": "1h", "drift": None}, schema_overrides=SCHEMA)
        by_day = BY_DAY[now.hour]
        seen = int(random.poisson(volumes[by_day]))
        hits = int(random.binomial(seen, rates[by_day] * factor))
        found += drift(history, partition=now, hits=hits, scored=seen).state in {"up", "down"}
    return found


@pytest.mark.parametrize(("rates", "volumes"), SEASONS.values(), ids=SEASONS)
def test_under_two_in_a_hundred_steady_histories_alarm_whatever_the_season(
    rates: dict[bool, float], volumes: dict[bool, int]
) -> None:
    assert alarms(rates, volumes, seed=20260330, n=168) <= 3


@pytest.mark.parametrize("factor", [0.5, 2.0], ids=["halving", "doubling"])
def test_a_halving_and_a_doubling_are_noticed_where_findings_are_many(factor: float) -> None:
    rates, volumes = {True: 0.05, False: 0.03}, {True: 2000, False: 3000}
    assert alarms(rates, volumes, seed=7, n=72, factor=factor) >= 71
