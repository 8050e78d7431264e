import polars as pl
import pytest

from orchestration.world.negatives import popular_listing
from orchestration.world.traffic import marketplace
from orchestration.world.world import VARIANTS, Variant
from tests.support.worlds import (
    DAY,
    START,
    check_named,
    check_time_and_contracts,
    fits,
    plan,
    run,
    world,
)

TABLE = ("marketplace", "listings")
KINDS = ["impersonating_publisher", "review_manipulation", "bait_and_switch"]


def test_a_day_is_the_same_again_and_another_seed_makes_another() -> None:
    first = marketplace.traffic(world(), START)[TABLE]
    assert first.equals(marketplace.traffic(world(), START)[TABLE])
    assert not first.equals(marketplace.traffic(world(6), START)[TABLE])


def test_a_day_fits_the_contract() -> None:
    acts = marketplace.traffic(world(), START + DAY)[TABLE]
    assert fits(TABLE, acts)
    assert acts.height > 20


def test_a_configuration_stays_until_its_publisher_changes_it() -> None:
    here = world(accounts=5_000)
    acts = pl.concat([marketplace.traffic(here, START + n * DAY)[TABLE] for n in range(7)])
    configs = (
        acts.filter(pl.col("action") == "install")
        .group_by("listing_id")
        .agg(pl.col("config_hash").n_unique())
    )
    changed = acts.filter(pl.col("action") == "change")["listing_id"]
    several = configs.filter(pl.col("config_hash") > 1)["listing_id"]
    assert len(several) > 3
    assert several.is_in(changed.implode()).all()


def test_only_ratings_have_stars() -> None:
    acts = marketplace.traffic(world(), START)[TABLE]
    assert acts.select(
        (pl.col("rating").is_not_null() == (pl.col("action") == "rate")).all()
    ).item()


def test_honest_stars_are_mostly_good_but_not_all() -> None:
    stars = marketplace.traffic(world(accounts=20_000), START)[TABLE]["rating"]
    assert 3.9 < stars.mean() < 4.4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(800, 7), (300, 1)])
def test_a_campaign_stays_in_its_time_and_names_who_acts(
    kind: str, variant: Variant, size: tuple[int, int]
) -> None:
    here = world(accounts=size[0], days=size[1])
    deeds = run(kind, variant, here)
    check_time_and_contracts(deeds, here)
    check_named(deeds, TABLE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_campaign_is_the_same_again_and_differs_by_seed(kind: str) -> None:
    here, there = run(kind, "evasive", world()), run(kind, "evasive", world())
    assert here.events[TABLE].equals(there.events[TABLE])
    assert here.actors.equals(there.actors)
    assert not here.actors.equals(run(kind, "evasive", world(6)).actors)


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_impostor_has_nearly_the_name_of_a_known_publisher(variant: Variant) -> None:
    here = world()
    names = run("impersonating_publisher", variant, here).actors.filter(
        entity_type="publisher_name"
    )["entity"]
    known = set(marketplace.catalogue(here)["publisher_name"])
    assert not known & set(names)


def test_a_ring_of_reviewers_praises_the_same_few() -> None:
    deeds = run("review_manipulation", "evasive", world())
    praised = deeds.actors.filter(entity_type="listing_id")["entity"].unique()
    stars = deeds.events[TABLE].filter(pl.col("listing_id").is_in(praised.implode()))["rating"]
    assert len(praised) == 6
    assert stars.drop_nulls().mean() > 4.7


def test_new_accounts_sign_up_before_they_act() -> None:
    deeds = run("review_manipulation", "loud", world())
    joined = deeds.events["accounts", "signups"].select("account_id", joined="occurred_at")
    acts = deeds.events[TABLE].join(joined, on="account_id")
    assert acts.height == deeds.events[TABLE].height
    assert (acts["occurred_at"] > acts["joined"]).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_listing_is_installed_before_it_changes(variant: Variant) -> None:
    deeds = run("bait_and_switch", variant, world())
    acts = deeds.events[TABLE]
    first = (
        acts.filter(pl.col("action") == "change")
        .group_by("listing_id")
        .agg(pl.col("occurred_at").min().alias("changed_at"))
    )
    early = (
        acts.filter(pl.col("action") == "install")
        .join(first, on="listing_id")
        .filter(pl.col("occurred_at") < pl.col("changed_at"))
    )
    assert early["listing_id"].n_unique() == first.height


def test_a_popular_listing_is_rated_by_many_from_their_own_devices() -> None:
    here = world()
    deeds = popular_listing.run(here, plan(here, "popular_listing", "negative"))
    rated = deeds.events[TABLE].filter(pl.col("action") == "rate")
    assert rated.height > 150
    assert rated["device_id"].n_unique() > 150
    assert rated["occurred_at"].max() < here.end
