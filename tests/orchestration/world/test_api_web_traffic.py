from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.events.api_requests import CONTRACT
from orchestration.world.traffic import api, web
from orchestration.world.traffic._keys import keys
from orchestration.world.world import World

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 7, tzinfo=UTC)
WORLD = World(5, 800, MONDAY, 7)
BIG = World(5, 8_000, MONDAY, 7)


@pytest.fixture(scope="module")
def calls() -> pl.DataFrame:
    return api.traffic(BIG, MONDAY)["api", "api_requests"]


@pytest.fixture(scope="module")
def views() -> pl.DataFrame:
    return web.traffic(BIG, MONDAY)["web", "api_requests"]


@pytest.mark.parametrize("module", [api, web])
def test_same_seed_gives_the_same_day_and_another_seed_another(module: object) -> None:
    first = module.traffic(WORLD, SATURDAY)
    again = module.traffic(World(5, 800, MONDAY, 7), SATURDAY)
    other = module.traffic(World(6, 800, MONDAY, 7), SATURDAY)
    for table, frame in first.items():
        assert frame.equals(again[table])
    assert not any(frame.height and frame.equals(other[table]) for table, frame in first.items())


def test_columns_and_values_fit_the_contract(calls: pl.DataFrame, views: pl.DataFrame) -> None:
    for frame in (calls, views):
        assert set(frame.columns) <= set(CONTRACT.schema)
        assert frame["operation"].null_count() == 0
        assert frame["status"].is_between(100, 599).all()
    assert calls.select(pl.col("tokens_in", "tokens_out", "cost_usd").min()).row(0) >= (0, 0, 0.0)


def test_calls_that_fail_cost_nothing_and_are_tried_again(calls: pl.DataFrame) -> None:
    fails = calls.filter(pl.col("status") != 200)
    assert 0.02 < fails.height / calls.height < 0.05
    assert fails["cost_usd"].sum() == 0
    assert fails["tokens_out"].null_count() == fails.height
    assert fails["error"].null_count() == 0


def test_people_rest_on_saturdays_and_jobs_do_not() -> None:
    kinds = keys(BIG, MONDAY).select("account_id", "kind")
    by_day = []
    for day in (MONDAY, SATURDAY):
        calls = api.traffic(BIG, day)["api", "api_requests"].join(kinds, on="account_id")
        by_day.append([calls.filter(kind=kind).height for kind in range(3)])
    people, _, jobs = (saturday / monday for monday, saturday in zip(*by_day, strict=True))
    assert people < 0.6
    assert 0.8 < jobs < 1.25


def test_a_key_keeps_its_habits_from_day_to_day() -> None:
    same = ["account_id", "kind", "rate", "model", "asks", "user_agent", "server"]
    monday, saturday = keys(WORLD, MONDAY).select(same), keys(WORLD, SATURDAY).select(same)
    assert monday.equals(saturday.head(monday.height))


def test_some_keys_are_renewed_and_then_used() -> None:
    day = next(
        MONDAY + timedelta(days=n)
        for n in range(1, 7)
        if keys(BIG, MONDAY + timedelta(days=n))["rotated"].any()
    )
    renewed = keys(BIG, day).filter("rotated")
    changes = api.traffic(BIG, day)["accounts", "account_changes"]
    old = keys(BIG, day - timedelta(days=1)).select("account_id", "key_id")
    assert changes["account_id"].to_list() == renewed["account_id"].to_list()
    assert renewed.join(old, on=["account_id", "key_id"]).is_empty()


def test_hundreds_of_end_users_may_stand_behind_an_honest_key(calls: pl.DataFrame) -> None:
    users = calls.group_by("key_id").agg(pl.col("end_user_id").n_unique().alias("users"))
    assert users["users"].max() > 100


def test_an_outage_fails_most_calls_of_an_hour_and_leaves_a_gap() -> None:
    begin, end = api.outage(BIG, MONDAY)
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    calls = api.traffic(BIG, day)["api", "api_requests"]
    time, third = pl.col("occurred_at"), (end - begin) / 3
    during = calls.filter(time >= begin, time < min(end, day + timedelta(days=1)))
    assert 0.5 < (during["status"] == 503).mean() < 0.75
    assert during.filter(time >= begin + third, time < begin + 2 * third).is_empty()


def test_crawlers_make_a_fifth_of_web_requests(views: pl.DataFrame) -> None:
    named = views["user_agent"].str.contains("bot|RSS|Feedbin|Baiduspider|Uptime")
    assert 0.18 < named.mean() < 0.22


def test_paths_and_statuses_are_those_of_an_access_log(views: pl.DataFrame) -> None:
    share = dict(views["status"].value_counts(normalize=True).iter_rows())
    assert 0.9 < share[200] < 0.94
    assert 0.01 < share[404] < 0.03
    assert 0.3 < views["referer"].null_count() / views.height < 0.5
    assert views["path"].str.starts_with("/").all()
