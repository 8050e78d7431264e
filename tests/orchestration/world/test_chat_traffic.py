from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from orchestration.world import build
from orchestration.world.campaigns.score_blind_spot import incident
from orchestration.world.conversations import SCORES
from orchestration.world.traffic import chat, messages
from orchestration.world.world import VARIANTS, Tables, World

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WORLD = World(5, 8_000, MONDAY, 7)
TOWN = World(5, 600, MONDAY, 2)
Traffic = Callable[[World, datetime], Tables]
EVERY = pytest.mark.parametrize("traffic", [chat.traffic, messages.traffic])


@pytest.fixture(scope="module")
def prompts() -> pl.DataFrame:
    return chat.traffic(WORLD, MONDAY)["chat", "prompts"]


@pytest.fixture(scope="module")
def sent() -> Tables:
    return messages.traffic(WORLD, MONDAY)


def over_half(events: pl.DataFrame, score: str) -> float:
    return events.select((pl.col(score) > 0.5).mean()).item()


@EVERY
def test_a_day_is_the_same_whenever_it_is_made(traffic: Traffic) -> None:
    world = World(5, 600, MONDAY, 2)
    traffic(world, MONDAY + timedelta(days=1))

    for table, events in traffic(world, MONDAY).items():
        assert events.equals(traffic(TOWN, MONDAY)[table])


@EVERY
def test_another_seed_gives_other_events(traffic: Traffic) -> None:
    for table, events in traffic(World(6, 600, MONDAY, 2), MONDAY).items():
        assert not events.equals(traffic(TOWN, MONDAY)[table])


@EVERY
def test_events_fit_their_contracts_and_fall_on_their_day(traffic: Traffic) -> None:
    for (_, name), events in traffic(TOWN, MONDAY).items():
        contract = build.contract_of(name)
        assert set(events.columns) <= {*contract.schema, *contract.text_schema}
        assert events["occurred_at"].is_between(MONDAY, MONDAY + timedelta(days=1)).mean() > 0.98


def test_seven_in_a_hundred_prompts_are_rude_and_two_are_jailbreaks(prompts: pl.DataFrame) -> None:
    assert 0.045 < over_half(prompts, "score_harassment") < 0.075
    assert 0.011 < over_half(prompts, "score_jailbreak") < 0.024
    assert over_half(prompts, "score_sexual_minors") < 0.003


def test_few_prompts_are_refused_and_most_jailbreaks_are(prompts: pl.DataFrame) -> None:
    tried = prompts.filter(pl.col("score_jailbreak") > 0.8)

    assert 0.02 < prompts["refused"].mean() < 0.05
    assert 0.7 < tried["refused"].mean() < 0.95


def test_some_honest_people_try_again_and_get_their_answer(prompts: pl.DataFrame) -> None:
    curious = prompts.filter(pl.col("score_jailbreak") > 0.4).sort("conversation_id", "occurred_at")
    before = pl.col("refused").shift().over("conversation_id")

    assert curious.select((before & ~pl.col("refused")).sum()).item() > 10


def test_logs_have_the_gaps_of_real_logs(prompts: pl.DataFrame) -> None:
    missing = prompts.null_count().row(0, named=True)

    for column in ("account_id", "model", "refused", "text", "template_hash", "score_cbrn"):
        assert 0 < missing[column] < 0.15 * prompts.height


def test_an_incident_takes_the_scores_of_most_prompts_that_it_hits() -> None:
    now = incident(WORLD, "loud", MONDAY)
    day = now.start.replace(hour=0, minute=0, second=0, microsecond=0)

    events = chat.traffic(WORLD, day)["chat", "prompts"].filter(pl.col("model").is_not_null())
    hit = events.filter(pl.col("occurred_at").is_between(now.start, now.end))

    assert hit.height > 100
    assert (
        hit.select(pl.all_horizontal(pl.col(f"score_{s}").is_null() for s in SCORES))
        .to_series()
        .all()
    )


def test_incidents_lie_in_their_week() -> None:
    for world in (WORLD, TOWN, World(9, 600, MONDAY, 9)):
        for variant in VARIANTS:
            now = incident(world, variant, world.end - timedelta(hours=1))
            assert MONDAY + timedelta(hours=4) < now.start < now.end < world.end


def test_most_messages_go_to_contacts_and_few_are_spam(sent: Tables) -> None:
    events = sent["chat", "messages"]

    assert 0.85 < events["recipient_is_contact"].mean() < 0.95
    assert over_half(events, "score_spam") < 0.02
    assert events.filter(pl.col("sender_age_days") < 0).is_empty()


def test_shops_write_to_dozens_of_strangers_with_one_link(sent: Tables) -> None:
    shops = (
        sent["chat", "messages"]
        .filter(~pl.col("recipient_is_contact"), pl.col("link_domain").is_not_null())
        .group_by("account_id")
        .agg(pl.col("recipient_id").n_unique())
    )

    assert shops["recipient_id"].max() >= 8


def test_honest_reports_are_few_and_about_half_dismissed(sent: Tables) -> None:
    reports = sent["chat", "user_reports"]

    assert 8 <= reports.height <= 60
    assert 0.3 < reports["dismissed"].mean() < 0.9
