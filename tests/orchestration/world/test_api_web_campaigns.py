from datetime import UTC, datetime, timedelta
from functools import lru_cache

import polars as pl
import pytest

from monitors.columns import schema
from orchestration.world.build import Happening, contract_of, modules, truth
from orchestration.world.draws import generator
from orchestration.world.traffic._keys import keys
from orchestration.world.world import VARIANTS, WEEK, Deeds, Plan, World

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
CAMPAIGNS = ["denial_of_wallet", "distillation_swarm", "rate_limit_probing", "resold_key",
             "scraping", "stolen_key", "vulnerability_scan"]  # fmt: skip
NEGATIVES = ["crawler", "partial_outage", "power_user", "team_key", "time_zone_shift"]
EVERY = [("campaigns", name, variant) for name in CAMPAIGNS for variant in VARIANTS] + [
    ("negatives", name, "negative") for name in NEGATIVES
]
WORLD = World(3, 700, MONDAY, 7)
TINY = World(4, 300, MONDAY, 1)
every = pytest.mark.parametrize(("part", "name", "variant"), EVERY)


@lru_cache
def happens(world: World, part: str, name: str, variant: str, seed: int = 1) -> tuple[Plan, Deeds]:
    start, until = world.start + 0.1 * min(WEEK, world.end - world.start), world.end
    plan = Plan(name, variant, start, until, generator(seed, name, variant))
    return plan, modules(part)[name].run(world, plan)


def times(deeds: Deeds) -> pl.Series:
    return pl.concat(frame["occurred_at"] for frame in deeds.events.values())


def main(name: str, variant: str) -> pl.DataFrame:
    events = happens(WORLD, "campaigns", name, variant)[1].events
    return events.get(("api", "api_requests"), events.get(("web", "api_requests")))


@every
def test_events_lie_within_the_plan(part: str, name: str, variant: str) -> None:
    for world in (WORLD, TINY):
        plan, deeds = happens(world, part, name, variant)
        every_time = times(deeds)
        assert every_time.is_between(plan.start, plan.until, closed="left").all()
    assert len(times(happens(WORLD, part, name, variant)[1])) > 30


@every
def test_same_seed_gives_the_same_deeds_and_another_seed_others(
    part: str, name: str, variant: str
) -> None:
    first = happens(WORLD, part, name, variant)[1]
    again = happens(World(3, 700, MONDAY, 7), part, name, variant)[1]
    other = happens(WORLD, part, name, variant, seed=2)[1]
    for table, frame in first.events.items():
        assert frame.equals(again.events[table])
    assert first.actors.equals(again.actors)
    assert not times(first).equals(times(other))


@every
def test_columns_are_those_of_the_contracts_and_tell_nothing(
    part: str, name: str, variant: str
) -> None:
    for (_, contract), frame in happens(WORLD, part, name, variant)[1].events.items():
        known = schema(dict(contract_of(contract).schema))
        assert set(frame.columns) <= set(known)
        frame.select(pl.col(column).cast(known[column]) for column in frame.columns)
        text = frame.select(pl.col(pl.String)).unpivot()["value"].drop_nulls()
        assert not text.is_in([name, variant, "guilty"]).any()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_entity_named_is_met_in_the_events(name: str, variant: str) -> None:
    deeds = happens(WORLD, "campaigns", name, variant)[1]
    assert 1 <= deeds.actors["actor"].n_unique() <= 280
    for kind in deeds.actors["entity_type"].unique():
        seen = pl.concat(
            frame[kind] for frame in deeds.events.values() if kind in frame.columns
        ).unique()
        named = deeds.actors.filter(entity_type=kind)["entity"].unique()
        assert named.is_in(seen.implode()).mean() > 0.95


def test_truth_covers_every_campaign_and_negative() -> None:
    found = [
        Happening(plan, guilty=part == "campaigns", deeds=deeds)
        for part, name, variant in EVERY
        for plan, deeds in [happens(WORLD, part, name, variant)]
    ]
    rows = truth(WORLD, found)
    assert set(rows.filter("guilty")["kind"]) == set(CAMPAIGNS)
    assert set(rows.filter(~pl.col("guilty"))["kind"]) == set(NEGATIVES)


@pytest.mark.parametrize("name", ["resold_key", "scraping", "stolen_key", "vulnerability_scan"])
def test_slow_campaigns_last_days_and_loud_ones_hours(name: str) -> None:
    lengths = [times(happens(WORLD, "campaigns", name, variant)[1]) for variant in ("loud", "slow")]
    loud, slow = (moments.max() - moments.min() for moments in lengths)
    assert loud < timedelta(hours=31)
    assert slow > timedelta(days=4)


def test_evasive_scrapers_take_few_pages_each_without_gaps() -> None:
    taken = main("scraping", "evasive")
    assert taken.group_by("ip").len()["len"].max() < 25
    assert taken["user_agent"].n_unique() == 1
    numbers = taken["path"].str.slice(9).cast(pl.Int64).unique().sort()
    assert (numbers.diff().drop_nulls() == 1).mean() > 0.99


def test_evasive_thieves_call_from_the_owners_country() -> None:
    owners = keys(WORLD, MONDAY).select("account_id", home="country")
    used = main("stolen_key", "evasive").join(owners, on="account_id")
    assert used.drop_nulls("country").filter(pl.col("country") != pl.col("home")).is_empty()


def test_a_refused_key_makes_room_for_the_next_one_within_seconds() -> None:
    probes = main("rate_limit_probing", "evasive").filter(pl.col("template_hash").is_not_null())
    after = probes.sort("occurred_at").with_columns(
        next_key=pl.col("key_id").shift(-1),
        pause=pl.col("occurred_at").shift(-1) - pl.col("occurred_at"),
    )
    changes = after.filter(pl.col("status") == 429, pl.col("next_key") != pl.col("key_id"))
    assert (changes["pause"] < timedelta(seconds=8)).mean() > 0.8


def test_a_swarm_shares_cards_and_wordings() -> None:
    deeds = happens(WORLD, "campaigns", "distillation_swarm", "evasive")[1]
    payments = deeds.events["accounts", "payments"]
    assert payments["payment_hash"].n_unique() == 9
    assert deeds.actors.filter(entity_type="template_hash")["entity"].n_unique() == 20
    assert deeds.events["api", "api_requests"].group_by("account_id").len()["len"].median() < 60
