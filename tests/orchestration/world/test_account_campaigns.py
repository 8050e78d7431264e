from datetime import UTC, datetime
from functools import cache

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.world.build import contract_of
from orchestration.world.campaigns import (
    account_takeover,
    ban_evasion,
    card_testing,
    credential_stuffing,
    free_credit_farm,
    signup_ring,
)
from orchestration.world.campaigns._recruits import shared
from orchestration.world.draws import generator
from orchestration.world.negatives import classroom, marketing_day, office
from orchestration.world.world import DAY, Deeds, Plan, World

START = datetime(2026, 6, 1, tzinfo=UTC)
CAMPAIGNS = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        account_takeover,
        ban_evasion,
        card_testing,
        credential_stuffing,
        free_credit_farm,
        signup_ring,
    )
}
NEGATIVES = {
    module.__name__.rpartition(".")[2]: module for module in (classroom, marketing_day, office)
}
EVERY = [(kind, v) for kind in CAMPAIGNS for v in ("loud", "slow", "evasive")] + [
    (kind, "negative") for kind in NEGATIVES
]
every_variant = pytest.mark.parametrize(("kind", "variant"), EVERY)


@cache
def place(people: int, days: int) -> World:
    return World(9, people, START, days)


def planned(kind: str, variant: str, *, seed: int = 1, days: int = 7) -> Plan:
    rng = generator(seed, kind, variant)
    start = START + rng.random() * 0.2 * days * DAY
    return Plan(kind, variant, start, START + days * DAY, rng)


def done(kind: str, variant: str, *, seed: int = 1, people: int = 800, days: int = 7) -> Deeds:
    plan = planned(kind, variant, seed=seed, days=days)
    deeds: Deeds = (CAMPAIGNS | NEGATIVES)[kind].run(place(people, days), plan)
    return deeds


def rows(deeds: Deeds, contract: str, product: str = "accounts") -> pl.DataFrame:
    return deeds.events[(product, contract)]


def actors(deeds: Deeds) -> int:
    return deeds.actors["actor"].n_unique()


@every_variant
def test_the_same_plan_has_the_same_deeds_and_another_seed_others(kind: str, variant: str) -> None:
    first, same, other = (done(kind, variant, seed=seed) for seed in (1, 1, 2))
    assert_frame_equal(first.actors, same.actors)
    for table, events in first.events.items():
        assert_frame_equal(events, same.events[table])
    assert not first.actors.equals(other.actors)


@every_variant
@pytest.mark.parametrize(("people", "days"), [(300, 1), (300, 2), (800, 7)])
def test_events_lie_within_the_plan(kind: str, variant: str, people: int, days: int) -> None:
    deeds, plan = done(kind, variant, people=people, days=days), planned(kind, variant, days=days)
    assert sum(events.height for events in deeds.events.values()) > 20
    for events in deeds.events.values():
        assert events.filter(
            (pl.col("occurred_at") < plan.start) | (pl.col("occurred_at") >= plan.until)
        ).is_empty()


@every_variant
def test_everybody_who_is_named_appears_in_the_events(kind: str, variant: str) -> None:
    for days in (1, 7):
        deeds = done(kind, variant, days=days)
        assert deeds.actors.height
        for entity_type, group in deeds.actors.group_by("entity_type"):
            name = str(entity_type[0])
            shown = [e[name] for e in deeds.events.values() if name in e.columns]
            assert set(group["entity"]) <= set(pl.concat(shown))


@every_variant
def test_columns_fit_the_contracts_and_tell_nothing(kind: str, variant: str) -> None:
    for (_, name), events in done(kind, variant).events.items():
        contract = contract_of(name)
        wanted = {**contract.schema, **contract.text_schema}
        assert set(events.columns) <= set(wanted)
        events.cast({column: wanted[column] for column in events.columns})
        for column in events.select(pl.selectors.string()).columns:
            assert not events[column].is_in([kind, variant, "campaign", "negative"]).any()


def test_stuffing_fails_mostly_and_slower_variants_spread_over_more_addresses() -> None:
    most = {}
    for variant in ("loud", "slow", "evasive"):
        logins = rows(done("credential_stuffing", variant), "logins")
        assert logins["succeeded"].mean() < 0.08
        most[variant] = logins.group_by("ip").len()["len"].median()
    assert most["loud"] > 150
    assert 15 < most["slow"] < 60
    assert most["evasive"] < 15


def test_a_takeover_begins_with_a_new_device_and_goes_on_faster_the_louder() -> None:
    waits = {}
    for variant in ("loud", "slow", "evasive"):
        deeds = done("account_takeover", variant)
        entered = rows(deeds, "logins").filter("succeeded").select("account_id", "occurred_at")
        steps = rows(deeds, "account_changes").join(entered, on="account_id", suffix="_in")
        gap = steps["occurred_at"] - steps["occurred_at_in"]
        assert gap.dt.total_seconds().min() >= 0
        waits[variant] = gap.dt.total_seconds().median()
    assert waits["loud"] < 900 < waits["slow"] < 3_600 < waits["evasive"]


def test_an_evasive_takeover_stays_in_the_owners_country_and_leaves_the_password() -> None:
    deeds = done("account_takeover", "evasive")
    assert "password" not in set(rows(deeds, "account_changes")["change"])
    homes = place(800, 7).people.select("account_id", home="country")
    seen = rows(deeds, "logins").join(homes, on="account_id")
    assert (seen["country"] == seen["home"]).all()
    assert rows(deeds, "payments")["recipient_id"].n_unique() <= 2


def test_cards_tried_are_mostly_declined_and_few_for_each_evasive_account() -> None:
    for variant, few in (("loud", False), ("slow", False), ("evasive", True)):
        deeds = done("card_testing", variant)
        paid = rows(deeds, "payments")
        assert 0.5 < 1 - paid["succeeded"].mean() < 0.95
        cards = paid.group_by("account_id").agg(pl.col("payment_hash").n_unique())
        assert (cards["payment_hash"].median() < 6) == few
        assert paid["card_bin"].n_unique() <= 3


def test_an_evasive_ring_shares_little_by_account_and_hangs_together_as_a_chain() -> None:
    joined = rows(done("signup_ring", "evasive"), "signups")
    for column, most in (("device_id", 2), ("payment_hash", 2), ("ip", 4)):
        sizes = joined.drop_nulls(column).group_by(column).len()["len"]
        assert sizes.max() <= most
    loud = rows(done("signup_ring", "loud"), "signups")
    assert loud.drop_nulls("device_id").group_by("device_id").len()["len"].max() > 20


def test_a_farm_uses_its_credit_up_and_no_more() -> None:
    for variant in ("loud", "slow"):
        spent = rows(done("free_credit_farm", variant), "api_requests", "api")
        sums = spent.group_by("account_id").agg(
            pl.col("cost_usd").sum(), (pl.col("status") == 402).any()
        )
        used_up = sums.filter("status")
        assert used_up.height > sums.height * 0.7
        assert used_up["cost_usd"].is_between(3.0, 5.0).all()


def test_who_comes_back_after_a_ban_brings_something_along() -> None:
    for variant in ("loud", "slow", "evasive"):
        deeds = done("ban_evasion", variant)
        banned, new = rows(deeds, "bans"), rows(deeds, "signups")
        assert not set(banned["account_id"]) & set(new["account_id"])
        things = deeds.actors.filter(pl.col("entity_type") != "account_id")
        assert things["actor"].n_unique() > actors(deeds) * 0.7
        per_actor = things.group_by("actor").len()["len"]
        assert per_actor.max() == 1 if variant == "evasive" else per_actor.max() >= 2


def test_a_course_signs_up_within_a_quarter_of_an_hour_at_one_address() -> None:
    deeds = done("classroom", "negative")
    joined = rows(deeds, "signups")
    assert 30 <= joined.height <= 120
    assert joined["ip"].n_unique() == 1
    assert (joined["occurred_at"].max() - joined["occurred_at"].min()).total_seconds() <= 900
    asked = rows(deeds, "prompts", "chat")
    assert asked["template_hash"].value_counts(sort=True)["count"][0] > asked.height / 2


def test_an_e_mail_brings_back_many_who_recover_their_passwords() -> None:
    deeds = done("marketing_day", "negative")
    assert rows(deeds, "logins")["account_id"].n_unique() > 70
    changes = rows(deeds, "account_changes")
    assert changes["recovered"].sum() > 10


def test_an_office_has_one_address_and_mornings() -> None:
    logins = rows(done("office", "negative"), "logins")
    assert logins["ip"].n_unique() == 1
    assert logins["account_id"].n_unique() > 40
    assert logins["occurred_at"].dt.weekday().max() <= 6


def test_neighbours_share_ids_and_a_shift_moves_the_groups() -> None:
    pairs, moved = (shared(generator(1), 5, 2, "d", shift=shift) for shift in (0, 1))
    assert pairs.rle_id().to_list() == [0, 0, 1, 1, 2]
    assert moved.rle_id().to_list() == [0, 1, 1, 2, 2]
    assert shared(generator(1), 0, 2, "d").to_list() == []
