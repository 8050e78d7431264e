import polars as pl
import pytest

from orchestration.world.negatives import batch_agent
from orchestration.world.traffic import agents
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

TABLE = ("agents", "tool_calls")
KINDS = ["injection_exfiltration", "agent_intrusion", "connector_scraping"]


def test_a_day_is_the_same_again_and_another_seed_makes_another() -> None:
    first = agents.traffic(world(), START)[TABLE]
    assert first.equals(agents.traffic(world(), START)[TABLE])
    assert not first.equals(agents.traffic(world(6), START)[TABLE])


def test_a_day_stays_within_itself_and_fits_the_contract() -> None:
    calls = agents.traffic(world(), START + DAY)[TABLE]
    assert calls["occurred_at"].min() >= START + DAY
    assert calls["occurred_at"].max() < START + 2 * DAY
    assert fits(TABLE, calls)


def test_nothing_is_untrusted_before_the_first_page() -> None:
    calls = agents.traffic(world(), START)[TABLE].sort("session_id", "occurred_at")
    first = calls.group_by("session_id", maintain_order=True).first()
    assert not first["source_is_untrusted"].fill_null(value=False).any()
    assert calls["source_is_untrusted"].mean() > 0.1


def test_what_a_person_refuses_does_not_succeed() -> None:
    calls = agents.traffic(world(accounts=5_000), START)[TABLE]
    refused = calls.filter(~pl.col("approved_by_human"))
    assert refused.height > 3
    assert not refused["succeeded"].any()


def test_honest_agents_send_outside_after_reading_pages_too() -> None:
    calls = agents.traffic(world(accounts=20_000), START)[TABLE]
    sent = calls.filter(
        pl.col("action") == "send", pl.col("target_is_external"), pl.col("source_is_untrusted")
    )
    assert sent.height > 10
    assert sent["approved_by_human"].fill_null(value=False).mean() > 0.6


def test_hosts_have_different_names() -> None:
    numbers = pl.Series(range(20_000)).to_numpy()
    assert agents.hosts(numbers).n_unique() == 20_000


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
def test_injected_sessions_send_to_targets_that_the_truth_names(variant: Variant) -> None:
    deeds = run("injection_exfiltration", variant, world())
    hosts = deeds.actors.filter(entity_type="target")["entity"]
    out = deeds.events[TABLE].filter(pl.col("target").is_in(hosts.implode()))
    assert out["target_is_external"].all()
    assert not out["approved_by_human"].any()
    assert out["session_id"].n_unique() == deeds.actors["actor"].n_unique()


def test_loud_intrusion_is_faster_than_people_and_evasive_is_not() -> None:
    def pace(variant: str) -> float:
        deeds = run("agent_intrusion", variant, world())
        sessions = deeds.actors.filter(entity_type="session_id")["entity"]
        calls = deeds.events[TABLE].filter(pl.col("session_id").is_in(sessions.implode()))
        gaps = calls.sort("session_id", "occurred_at").select(
            pl.col("occurred_at").diff().over("session_id").dt.total_milliseconds() / 1000
        )
        return float(gaps.to_series().drop_nulls().median() or 0)

    assert pace("loud") < 1
    assert pace("evasive") > 5


def test_scrapers_read_different_documents_at_night() -> None:
    deeds = run("connector_scraping", "loud", world())
    each = deeds.events[TABLE].group_by("account_id").agg(pl.col("target").n_unique())
    assert each["target"].min() > 800


def test_an_honest_batch_reads_thousands_of_its_own_documents() -> None:
    here = world()
    deeds = batch_agent.run(here, plan(here, "batch_agent", "negative"))
    calls = deeds.events[TABLE]
    assert calls["account_id"].n_unique() == 1
    assert calls["target"].n_unique() > 2_000
    assert not calls["target_is_external"].any()
    assert calls["occurred_at"].max() < here.end
