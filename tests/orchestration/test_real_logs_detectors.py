"""What detectors say about transfers and series: the figures of docs/findings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import polars as pl
import pytest

from monitors.detectors.rings import rings
from monitors.detectors.seasonal_baseline import seasonal_baseline
from orchestration.lake import Lake
from tests.support.samples import AUTH_LOG, SAMPLES, events, take

DAY = timedelta(days=1)
DAYS_OF_TRANSFERS = 149
Read = Callable[..., pl.DataFrame]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Events of a sample, taken in once a module."""

    @cache
    def one(mapping: str, *files: str) -> pl.DataFrame:
        lake = Lake(str(tmp_path_factory.mktemp("lake")))
        source = take(lake, mapping, *(SAMPLES / file for file in files))
        return events(lake, source.product, source.contract)

    return one


@pytest.fixture(scope="module")
def transfers(read: Read) -> pl.DataFrame:
    return read("transfer_rings", "transfer_rings.csv.gz")


@pytest.fixture(scope="module")
def ring_accounts() -> set[str]:
    truth = pl.read_csv(SAMPLES / "transfer_rings_accounts.csv.gz", infer_schema=False)
    return set(truth.filter(pl.col("isFraud") == "1")["nodeid"])


def ringed(transfers: pl.DataFrame) -> pl.DataFrame:
    """Rings of accounts that paid the same one, over the whole log: its last day looks back."""
    found = rings(
        transfers.lazy(),
        member="account_id",
        attributes={"recipient_id": 1.0},
        grid=DAY,
        look_back=(DAYS_OF_TRANSFERS - 1) * DAY,
    )
    return found.collect()


def accounts(found: pl.DataFrame) -> set[str]:
    return set(found["members"].explode())


def repeated(transfers: pl.DataFrame) -> pl.DataFrame:
    """Transfers that were made twice or more on one day between the same two accounts."""
    return transfers.filter(pl.len().over("account_id", "recipient_id", "occurred_at") > 1)


def test_who_pays_the_same_account_is_no_ring(
    transfers: pl.DataFrame, ring_accounts: set[str]
) -> None:
    weekly = rings(
        transfers.lazy(),
        member="account_id",
        attributes={"recipient_id": 1.0},
        grid=timedelta(days=7),
    ).collect()
    found = accounts(weekly)
    assert weekly["score"].max() == 811
    assert len(ring_accounts) == 954
    assert (len(found), len(found & ring_accounts)) == (17_666, 883)


def test_who_pays_the_same_account_twice_a_day_is(
    transfers: pl.DataFrame, ring_accounts: set[str]
) -> None:
    twice = repeated(transfers)
    senders, collectors = set(twice["account_id"]), set(twice["recipient_id"])
    assert (twice.height, len(senders), len(collectors)) == (1795, 418, 186)
    assert senders | collectors < ring_accounts
    found = accounts(ringed(twice))
    assert len(found) == 373
    assert len(senders | collectors) == 593


def test_no_honest_transfer_is_small(transfers: pl.DataFrame, ring_accounts: set[str]) -> None:
    small = transfers.filter(pl.col("amount_usd") < 100)
    both = set(small["account_id"]) | set(small["recipient_id"])
    assert small["amount_usd"].max() == 4.98
    assert (small.height, len(both)) == (1854, 659)
    assert both < ring_accounts


def test_web_traffic_by_the_hour_is_usual(read: Read) -> None:
    hours = seasonal_baseline(
        read("web_access_log").lazy(), bucket=timedelta(hours=1), statistic="count", missing="zero"
    ).collect()
    assert (hours.height, hours["score"].null_count()) == (84, 36)
    top = hours.sort("score", descending=True, nulls_last=True).select("score", "value").row(0)
    assert (round(top[0], 1), top[1]) == (4.2, 86.0)
    minutes = read("web_access_log")["occurred_at"].dt.minute()
    assert minutes.unique().to_list() == [5], "the log's minutes cannot be believed"


def test_takedown_notices_that_are_unusual(read: Read) -> None:
    notices = read("dmca_daily").filter(pl.col("metric") == "notices")
    days = seasonal_baseline(
        notices.lazy(),
        bucket=DAY,
        value="value",
        time="source_occurred_at",
        missing="zero",
        direction="up",
        unit=1,
    ).collect()
    high = days.filter(pl.col("score") >= 6)
    assert (days.height, days["score"].null_count(), high.height) == (5684, 22, 14)
    year = high.filter(pl.col("window_start").dt.year() == 2024)
    assert [f"{day:%m-%d}" for day in year.sort("window_start")["window_start"]] == [
        "03-11",
        "04-03",
        "04-04",
        "04-05",
    ]
    most = days.filter(pl.col("window_start") == datetime(2024, 2, 7, tzinfo=UTC))
    evidence = most.select("value", pl.col("score", "scale").round(1)).row(0)
    assert evidence == (39.0, 3.1, 11.0)


@pytest.mark.skipif(not AUTH_LOG.exists(), reason="the licence of this log keeps it out of here")
def test_one_account_signs_in_faster_than_a_person_can(read: Read) -> None:
    logins = read("linux_auth_log", str(AUTH_LOG))
    ok = logins.filter("succeeded")
    assert set(ok["account_id"]) == {"test"}
    seconds = ok.group_by("occurred_at").len()
    assert (ok.height, seconds["len"].max()) == (36, 10)
