from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Monitor, Severity, monitor
from monitors.evaluate import Span
from monitors.harms import Harm
from monitors.trial import period, table, trial

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
SPAN = Span(TEN, TEN + HOUR)
ACTIVITY = Activity("logins", by=("account_id",))


@monitor(
    product="accounts",
    harm=Harm.SPAM,
    entity="account_id",
    version=1,
    authors=("ann",),
    owner="team",
    threshold=2,
    window=2 * HOUR,
    cadence="hourly",
    severity=Severity.S3,
    action="review",
    runbook="docs/runbooks/x.md",
    canary=(Rows("logins", n=2, values={"account_id": "canary"}),),
    activity=(ACTIVITY,),
    baseline=(Baseline(ACTIVITY, days=7),),
)
def repeats(
    logins: pl.LazyFrame,
    logins_activity: pl.LazyFrame,
    logins_baseline: pl.LazyFrame,
    period: pl.LazyFrame,
) -> pl.LazyFrame:
    """Events of the hour."""
    del logins_activity, logins_baseline
    return (
        logins.join(period, how="cross")
        .group_by("account_id", "start", "end")
        .agg(score=pl.len().cast(pl.Float64))
        .rename({"start": "window_start", "end": "window_end"})
    )


def logins(*times: datetime) -> dict[str, pl.DataFrame]:
    rows = {
        "occurred_at": times,
        "account_id": ["a"] * len(times),
        "product": ["accounts"] * len(times),
    }
    return {"logins": pl.DataFrame(rows).cast({"occurred_at": pl.Datetime("us", "UTC")})}


def given(name: str, *times: datetime, of: Monitor = repeats) -> pl.DataFrame:
    return table(of, name, logins(*times), SPAN).collect()


def test_events_reach_a_window_back_and_end_with_the_span() -> None:
    second = timedelta(seconds=1)
    times = (TEN - 2 * HOUR - second, TEN - 2 * HOUR, TEN + HOUR - second, TEN + HOUR)
    assert given("logins", *times)["occurred_at"].to_list() == list(times[1:3])


def test_activity_looks_back_from_the_end_of_the_span() -> None:
    times = (TEN - HOUR - timedelta(seconds=1), TEN - HOUR, TEN, TEN + HOUR)
    found = given("logins_activity", *times).sort("hour")
    assert found.select("hour", "events").rows() == [(TEN - HOUR, 1), (TEN, 1)]


def test_a_baseline_ends_before_the_day_of_the_span() -> None:
    found = given("logins_baseline", TEN - DAY, TEN - DAY, TEN - 3 * DAY, TEN, TEN - HOUR)
    assert found.select("account_id", "events_median", "periods").rows() == [("a", 1.5, 2)]


def test_periods_are_the_partitions_of_the_span() -> None:
    two = Span(TEN, TEN + 2 * HOUR)
    assert period(two, "1h").collect().rows() == [(TEN, TEN + HOUR), (TEN + HOUR, TEN + 2 * HOUR)]
    day = TEN.replace(hour=0)
    assert period(Span(day, day + DAY), "1d").collect().rows() == [(day, day + DAY)]


def test_columns_that_were_not_given_are_null_and_a_table_not_given_is_empty() -> None:
    assert given("logins", TEN)["country"].to_list() == [None]
    assert table(repeats, "logins", {}, SPAN).collect().is_empty()


def test_keeps_every_score_as_a_sample() -> None:
    found = trial(repeats, logins(TEN, TEN + HOUR / 2), SPAN)
    assert found.findings.select("entity", "score").rows() == [("a", 2.0)]
    assert found.samples["stratum"].to_list() == ["flagged"]
