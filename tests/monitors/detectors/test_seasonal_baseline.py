from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from tests.monitors.detectors.seasons import (
    DAY,
    EVIDENCE,
    FIVE,
    HOUR,
    busy,
    scored,
    scores,
    series,
)


def test_agrees_with_a_case_by_hand() -> None:
    # Level 12, the median of the week before. Every bucket lay 2 from its level, four of the last
    # seven above, so 14 is expected; every residual was 4, which is 1.1503 deviations.
    row = scored(series([10.0, 12.0] * 12 + [40.0], DAY), DAY).select(EVIDENCE).row(-1)
    assert row[1:] == (40.0, 14.0, pytest.approx(4 / 1.1503), "level")
    assert row[0] == pytest.approx((40 - 14) / 4 * 1.1503)


@pytest.mark.parametrize(("direction", "expected"), [("up", -15), ("down", 15), ("both", 15)])
def test_direction_gives_the_sign(direction: str, expected: int) -> None:
    fallen = scored(series([10.0, 12.0] * 12 + [-38.0], DAY), DAY, direction=direction)
    assert round(fallen["score"][-1]) == expected


def test_is_null_for_the_first_36_hours_or_22_days() -> None:
    for bucket, first in ((HOUR, 36), (DAY, 22)):
        found = scored(series([5.0] * 40, bucket), bucket).select(EVIDENCE)
        assert found["score"].to_list() == [None] * first + [0.0] * (40 - first)
        assert found[:first].select("expected", "scale", "tier").null_count().row(0) == (first,) * 3


def test_falls_back_from_the_week_to_the_day_to_the_level() -> None:
    found = scored(series(busy(35), HOUR), HOUR).filter(pl.col("score").is_not_null())
    tiers = found.group_by("tier", maintain_order=True).agg(pl.col("window_start").min())
    assert tiers["tier"].to_list() == ["level", "day", "week"]


@pytest.mark.parametrize("bucket", [FIVE, timedelta(minutes=30), HOUR])
def test_finds_a_spike_and_a_dip_in_a_season_and_nothing_else(bucket: timedelta) -> None:
    loads, day = busy(50, bucket), DAY // bucket
    loads[44 * day + day // 2] += 80
    loads[45 * day + day // 2] -= 80
    hits = [i for i, score in enumerate(scores(loads, bucket)) if score > 6]
    assert hits == [44 * day + day // 2, 45 * day + day // 2]


def test_a_usual_load_at_an_unusual_time_is_found() -> None:
    loads = busy(35)
    loads[30 * 24 + 3] = 150.0
    assert scores(loads, HOUR)[30 * 24 + 3] > 6


@pytest.mark.parametrize("growth", [-0.02, 0.0, 0.02])
def test_a_steady_trend_is_never_flagged_and_hides_nothing(growth: float) -> None:
    loads = [load * (1 + growth) ** (i / 24) for i, load in enumerate(busy(70))]
    assert max(scores(loads, HOUR)) < 6
    loads[60 * 24 + 12] *= 2
    assert scores(loads, HOUR)[60 * 24 + 12] > 6


def test_a_level_that_stays_is_usual_after_half_a_day() -> None:
    loads = busy(50)
    shifted = scored(series([*loads[:960], *(load + 150 for load in loads[960:])], HOUR), HOUR)
    assert shifted["score"][960] > 6
    assert min(shifted["distance"][960:964]) > 6
    assert max(shifted["score"][973:]) < 6


def test_what_goes_on_is_no_news_unless_it_grows_fivefold() -> None:
    loads = busy(50)
    loads[960:963] = [
        load + extra for load, extra in zip(loads[960:963], (80, 80, 900), strict=True)
    ]
    assert [score > 6 for score in scores(loads, HOUR)[960:963]] == [True, False, True]


def test_what_happens_on_four_of_fourteen_days_is_the_habit_of_a_series() -> None:
    loads = busy(60)
    for day, hour in zip(range(45, 55, 2), (3, 9, 14, 6, 19), strict=True):
        loads[day * 24 + hour] += 80
    hits = [i // 24 for i, score in enumerate(scores(loads, HOUR)) if score > 6]
    assert hits == [45, 47, 49, 51]


def test_daily_buckets_get_used_to_a_level_in_a_week() -> None:
    loads = busy(100)[12::24]
    shifted = scores([*loads[:80], *(load + 300 for load in loads[80:])], DAY)
    assert shifted[80] > 10
    assert max(shifted[87:]) < 6


def test_a_past_incident_does_not_hide_the_next() -> None:
    loads = busy(50)
    loads[40 * 24 : 41 * 24] = [10 * load for load in loads[40 * 24 : 41 * 24]]
    loads[45 * 24 + 12] += 80
    assert scores(loads, HOUR)[45 * 24 + 12] > 6


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0, 3.0])
def test_few_events_are_no_anomaly_and_a_burst_is(rate: float) -> None:
    counts = np.random.default_rng(3).poisson(rate, 24 * 60).astype(float).tolist()
    quiet = scores(counts, HOUR, unit=1)
    assert sum(score > 6 for score in quiet) <= 1
    counts[24 * 50] = 30.0
    assert scores(counts, HOUR, unit=1)[24 * 50] > 6


@pytest.mark.parametrize("factor", [1e-6, 1e9, -1.0])
def test_a_multiple_of_a_series_scores_the_same(factor: float) -> None:
    counts = np.random.default_rng(3).poisson(2, 24 * 40).astype(float)
    for loads in (np.array(busy(40)), counts):
        once, again = scores(loads.tolist(), HOUR), scores((loads * factor).tolist(), HOUR)
        if factor > 0:
            assert again == pytest.approx(once, rel=1e-6)
        else:
            assert max(again) < 6


def test_a_change_after_nothing_but_zeros_scores_a_hundred() -> None:
    assert scores([0.0] * 60 + [0.1], HOUR)[-2:] == [0.0, 100.0]


def test_a_jump_of_a_wandering_series_is_seen_against_its_last_buckets() -> None:
    steps = np.random.default_rng(0).normal(0, 1, 288 * 14)
    loads = np.cumsum(steps)
    loads[288 * 12] += 15
    row = scored(series(loads.tolist(), FIVE), FIVE).select(EVIDENCE).row(288 * 12)
    assert row[0] > 6
    assert row[4] == "recent"
