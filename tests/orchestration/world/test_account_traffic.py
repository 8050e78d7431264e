from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.world.build import contract_of
from orchestration.world.draws import generator
from orchestration.world.traffic import accounts, bans, payments
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import DAY, Tables, World

START = datetime(2026, 6, 1, tzinfo=UTC)
PARTS = (accounts, payments, bans)


def world(seed: int = 5, people: int = 800, days: int = 7) -> World:
    return World(seed, people, START, days)


def of_day(place: World, number: int = 2) -> Tables:
    found: Tables = {}
    for part in PARTS:
        for table, rows in part.traffic(place, place.start + number * DAY).items():
            known = [found[table]] if table in found else []
            found[table] = pl.concat([*known, rows], how="diagonal")
    return found


def of_week(place: World, table: tuple[str, str]) -> pl.DataFrame:
    return pl.concat([of_day(place, n)[table] for n in range(place.days)], how="diagonal")


def test_a_day_is_the_same_whenever_it_is_made() -> None:
    first = of_day(world())
    other = of_day(world())
    assert {table[1] for table in first} == {
        "account_changes",
        "bans",
        "logins",
        "payments",
        "signups",
    }
    for table, rows in first.items():
        assert_frame_equal(rows, other[table])


def test_another_seed_makes_another_day() -> None:
    ours, theirs = of_day(world()), of_day(world(seed=6))
    logins = ("accounts", "logins")
    assert not set(ours[logins]["account_id"].drop_nulls()) & set(theirs[logins]["account_id"])


def test_events_have_only_columns_of_their_contracts_with_their_types() -> None:
    for (_, name), rows in of_day(world()).items():
        contract = contract_of(name)
        assert set(rows.columns) <= set(contract.schema)
        rows.cast({column: contract.schema[column] for column in rows.columns})


def test_required_columns_are_never_null() -> None:
    for (_, name), rows in of_day(world()).items():
        own = [c.name for c in contract_of(name).columns if c.required]
        assert all(rows[column].null_count() == 0 for column in own)


def test_one_sign_in_in_twelve_fails_or_so() -> None:
    logins = of_week(world(people=3_000, days=3), ("accounts", "logins"))
    assert 0.04 < 1 - logins["succeeded"].mean() < 0.16
    assert logins.filter(~pl.col("succeeded"))["failure"].null_count() < 10


def test_logs_have_gaps_and_some_people_share_a_device() -> None:
    logins = of_week(world(people=4_000, days=2), ("accounts", "logins"))
    assert 0.01 < logins["device_id"].null_count() / logins.height < 0.25
    shared = logins.drop_nulls("device_id").group_by("device_id")
    assert shared.agg(pl.col("account_id").n_unique())["account_id"].max() >= 2


def test_renewals_have_no_client_and_failed_payments_a_reason() -> None:
    paid = of_week(world(people=3_000, days=3), ("accounts", "payments"))
    assert 0.1 < paid["ip"].null_count() / paid.height < 0.9
    assert 0.03 < 1 - paid["succeeded"].mean() < 0.25
    assert paid.filter(pl.col("succeeded"))["decline"].null_count() == paid["succeeded"].sum()


def test_every_ban_is_of_an_account_that_does_nothing_afterwards() -> None:
    place = world(people=20_000, days=3)
    banned = bans.traffic(place, START + DAY)[("accounts", "bans")]
    assert 0 < banned.height < 40
    assert not set(banned["account_id"]) & set(place.people["account_id"])
    for number in (0, 1, 2):
        visits = bans.traffic(place, START + number * DAY)[("accounts", "logins")]
        both = visits.join(banned, on="account_id", suffix="_ban")
        assert (both["occurred_at"] < both["occurred_at_ban"]).all()


def test_people_are_mostly_met_at_home_and_in_their_own_country() -> None:
    people = world(people=3_000).people
    met = somewhere(generator(1), people)
    assert 0.68 < (met["ip"] == people["ip"]).mean() < 0.8
    assert (met["country"] == people["country"]).mean() > 0.98


def test_a_traveller_is_in_one_place_on_a_day_whoever_asks() -> None:
    people = world(people=5_000).people.with_columns(vpn=pl.lit(value=False))
    once = somewhere(generator(1), people, day=START)
    again = somewhere(generator(2), people, day=START)
    away = once["country"] != people["country"]
    assert 0.002 < away.mean() < 0.02
    assert once.filter(away)["ip"].to_list() == again.filter(away)["ip"].to_list()


@pytest.mark.parametrize("people", [300, 1_000])
def test_a_day_of_a_small_world_can_be_made(people: int) -> None:
    rows = of_day(world(people=people, days=1), 0)[("accounts", "logins")]
    assert rows["occurred_at"].min() > START - timedelta(hours=1)
