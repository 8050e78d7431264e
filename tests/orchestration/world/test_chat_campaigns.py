from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from orchestration.world import build
from orchestration.world.campaigns import (
    influence_comments,
    jailbreak_campaign,
    malware_development,
    mass_messages,
    report_brigading,
    scam_factory,
    score_blind_spot,
)
from orchestration.world.draws import generator
from orchestration.world.negatives import translation_agency, viral_launch
from orchestration.world.world import VARIANTS, Deeds, Plan, World

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CAMPAIGNS = {
    "influence_comments": influence_comments,
    "jailbreak_campaign": jailbreak_campaign,
    "malware_development": malware_development,
    "mass_messages": mass_messages,
    "report_brigading": report_brigading,
    "scam_factory": scam_factory,
    "score_blind_spot": score_blind_spot,
}
NEGATIVES = {"translation_agency": translation_agency, "viral_launch": viral_launch}
CASES = [(kind, v) for kind in CAMPAIGNS for v in VARIANTS] + [(k, "negative") for k in NEGATIVES]
EVERY = pytest.mark.parametrize(("kind", "variant"), CASES)


def planned(kind: str, variant: str, days: int, seed: int = 4) -> tuple[Plan, Deeds]:
    world = World(seed, 500, MONDAY, days)
    start = MONDAY + timedelta(hours=3)
    plan = Plan(kind, variant, start, world.end, generator(seed, kind, variant))
    return plan, {**CAMPAIGNS, **NEGATIVES}[kind].run(world, plan)


def entities(deeds: Deeds, kind: str) -> set[str]:
    return set(deeds.actors.filter(entity_type=kind)["entity"])


def a_day(deeds: Deeds, table: str) -> pl.DataFrame:
    """How much each actor does on each day, a row for each."""
    events = deeds.events["chat", table].filter(
        pl.col("account_id").is_in(deeds.actors["actor"].implode())
    )
    return events.group_by("account_id", pl.col("occurred_at").dt.date()).len()


@EVERY
@pytest.mark.parametrize("days", [1, 7])
def test_all_that_happens_fits_its_contract_and_its_time(
    kind: str, variant: str, days: int
) -> None:
    plan, deeds = planned(kind, variant, days)

    for (_, name), events in deeds.events.items():
        contract = build.contract_of(name)
        assert set(events.columns) <= {*contract.schema, *contract.text_schema}
        inside = (events["occurred_at"] >= plan.start) & (events["occurred_at"] < plan.until)
        assert inside.all()


@EVERY
def test_the_same_seed_gives_the_same_deeds_and_another_gives_others(
    kind: str, variant: str
) -> None:
    _, first = planned(kind, variant, 2)
    _, again = planned(kind, variant, 2)
    _, other = planned(kind, variant, 2, seed=5)

    assert first.actors.equals(again.actors)
    for table, events in first.events.items():
        assert events.equals(again.events[table])
        assert events.is_empty() or not events.equals(other.events[table])


@EVERY
def test_who_is_named_is_seen_in_the_events(kind: str, variant: str) -> None:
    _, deeds = planned(kind, variant, 7)

    assert deeds.actors.height > 0
    for column in set(deeds.actors["entity_type"]) - {"product"}:
        seen = [e[column].drop_nulls() for e in deeds.events.values() if column in e.columns]
        assert entities(deeds, column) <= set(pl.concat(seen))


@pytest.mark.parametrize("kind", sorted(CAMPAIGNS))
def test_slow_campaigns_take_days_and_loud_ones_hours(kind: str) -> None:
    for variant, least, most in (("loud", 0, 14), ("slow", 72, 168), ("evasive", 24, 168)):
        _, deeds = planned(kind, variant, 7)
        times = next(iter(deeds.events.values()))["occurred_at"]
        assert timedelta(hours=least) < times.max() - times.min() <= timedelta(hours=most)


def test_evasive_accounts_do_little_a_day() -> None:
    for kind, table, most in (("mass_messages", "messages", 12), ("scam_factory", "messages", 8)):
        _, deeds = planned(kind, "evasive", 7)
        assert a_day(deeds, table)["len"].median() <= most


def test_a_jailbreak_is_refused_then_reworded_then_answered() -> None:
    _, deeds = planned("jailbreak_campaign", "loud", 7)
    template = next(iter(entities(deeds, "template_hash")))

    tried = deeds.events["chat", "prompts"].filter(template_hash=template)
    in_turn = tried.sort("occurred_at").group_by("conversation_id", maintain_order=True)
    sessions = in_turn.agg("refused", texts=pl.col("text_hash").n_unique())

    answered = sessions.filter(~pl.col("refused").list.last(), pl.col("refused").list.first())
    assert 0.4 < answered.height / sessions.height < 0.8
    assert answered["texts"].median() >= 2


def test_evasive_reporters_stay_below_a_crowd_on_any_day_but_meet_again() -> None:
    _, deeds = planned("report_brigading", "evasive", 7)
    reports = deeds.events["chat", "user_reports"].filter(
        pl.col("target_id").is_in(list(entities(deeds, "target_id")))
    )

    assert (
        reports.group_by("account_id").agg(pl.col("target_id").n_unique())["target_id"].max() >= 3
    )
    assert reports["device_id"].n_unique() == reports["account_id"].n_unique()


def test_scores_of_malware_are_high_but_not_all() -> None:
    _, deeds = planned("malware_development", "loud", 7)
    template = list(entities(deeds, "template_hash"))

    asked = deeds.events["chat", "prompts"].filter(pl.col("template_hash").is_in(template))
    high = asked.select((pl.col("score_malware") > 0.5).mean()).item()
    assert 0.7 < high < 0.97


def test_new_accounts_sign_up_before_they_act() -> None:
    for kind in ("scam_factory", "mass_messages", "influence_comments"):
        _, deeds = planned(kind, "loud", 7)
        signed = deeds.events["accounts", "signups"].select("account_id", since="occurred_at")
        acts = deeds.events["chat", "prompts"].join(signed, on="account_id")
        assert signed.height > 0
        assert (acts["occurred_at"] >= acts["since"]).all()


def test_a_viral_prompt_is_one_text_of_very_many_people() -> None:
    _, deeds = planned("viral_launch", "negative", 7)
    tried = deeds.events["chat", "prompts"]

    people = tried.group_by("text_hash").agg(pl.col("account_id").n_unique())["account_id"]
    assert people.max() >= 60
    assert deeds.events["accounts", "signups"].height >= 60


def test_an_agency_asks_thousands_of_times_in_many_languages() -> None:
    _, deeds = planned("translation_agency", "negative", 7)
    asked = deeds.events["chat", "prompts"]

    assert asked.height > 5_000
    assert asked["language"].n_unique() == 8
    assert asked["template_hash"].n_unique() == asked["ip"].n_unique() == 1


def test_no_event_tells_the_truth() -> None:
    kinds = [*CAMPAIGNS, *NEGATIVES]
    for kind, variant in CASES:
        _, deeds = planned(kind, variant, 1)
        for events in deeds.events.values():
            words = events.select(pl.concat_str(pl.col(pl.String), ignore_nulls=True)).to_series()
            assert not words.str.contains_any(kinds).any()
