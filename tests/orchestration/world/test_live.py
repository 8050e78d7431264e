from datetime import timedelta

import polars as pl
import pytest

from orchestration.world.negatives import popular_host
from orchestration.world.traffic import live
from orchestration.world.world import VARIANTS, Deeds, Variant
from tests.support.worlds import DAY, START, check_time_and_contracts, fits, plan, run, world

MINUTES, REPORTS = ("live", "live_sessions"), ("live", "user_reports")
KINDS = ["session_harassment", "minor_contact"]


def guilty(deeds: Deeds) -> pl.DataFrame:
    sessions = deeds.actors.filter(entity_type="session_id")["entity"]
    return deeds.events[MINUTES].filter(pl.col("session_id").is_in(sessions.implode()))


def test_a_day_is_the_same_again_and_another_seed_makes_another() -> None:
    first = live.traffic(world(), START)
    again, other = live.traffic(world(), START), live.traffic(world(6), START)
    assert first[MINUTES].equals(again[MINUTES])
    assert first[REPORTS].equals(again[REPORTS])
    assert not first[MINUTES].equals(other[MINUTES])


def test_a_day_fits_the_contracts() -> None:
    for table, frame in live.traffic(world(), START + DAY).items():
        assert fits(table, frame)


def test_a_session_has_one_start_and_then_a_minute_a_minute() -> None:
    minutes = live.traffic(world(), START)[MINUTES].sort("session_id", "occurred_at")
    gaps = minutes.select(pl.col("occurred_at").diff().over("session_id")).to_series().drop_nulls()
    assert gaps.unique().to_list() == [timedelta(minutes=1)]
    starts = minutes.filter(pl.col("action") == "start")
    assert starts.height == minutes["session_id"].n_unique()


def test_broadcasts_have_viewers_and_calls_have_a_peer() -> None:
    minutes = live.traffic(world(), START)[MINUTES]
    assert minutes.select(
        (pl.col("peer_id").is_null() == pl.col("viewers").is_not_null()).all()
    ).item()


def test_every_report_is_counted_in_a_minute() -> None:
    tables = live.traffic(world(accounts=20_000), START)
    assert tables[MINUTES]["reports"].sum() == tables[REPORTS].height > 20
    assert tables[REPORTS]["item_id"].is_in(tables[MINUTES]["session_id"].implode()).all()


def test_few_honest_minutes_score_high() -> None:
    minutes = live.traffic(world(accounts=20_000), START)[MINUTES]
    over = minutes.select((pl.col("^score_.*$") > 0.5).mean()).row(0, named=True)
    assert all(0.0003 < share < 0.02 for share in over.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(800, 7), (300, 1)])
def test_a_campaign_stays_in_its_time_and_names_who_acts(
    kind: str, variant: Variant, size: tuple[int, int]
) -> None:
    here = world(accounts=size[0], days=size[1])
    deeds = run(kind, variant, here)
    check_time_and_contracts(deeds, here)
    minutes = deeds.events[MINUTES]
    accounts = deeds.actors.filter(entity_type="account_id")["entity"]
    assert accounts.is_in(minutes["account_id"].implode()).all()
    assert len(accounts) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_campaign_is_the_same_again_and_differs_by_seed(kind: str) -> None:
    here, there = run(kind, "slow", world()), run(kind, "slow", world())
    assert here.events[MINUTES].equals(there.events[MINUTES])
    assert here.events[REPORTS].equals(there.events[REPORTS])
    assert here.actors.equals(there.actors)
    assert not here.actors.equals(run(kind, "slow", world(6)).actors)


def test_evasive_harassment_scores_low_but_returns_to_few() -> None:
    minutes = guilty(run("session_harassment", "evasive", world()))
    assert minutes["score_harassment"].mean() < 0.4
    callers = minutes.group_by("peer_id").agg(pl.col("account_id").n_unique())
    assert callers.height <= 4
    assert callers["account_id"].min() >= 8


def test_the_evasive_ask_only_after_other_calls() -> None:
    minutes = guilty(run("minor_contact", "evasive", world()))
    asked = (
        minutes.filter(pl.col("action") == "contact_move")
        .group_by("peer_id")
        .agg(pl.col("occurred_at").min().alias("asked_at"))
    )
    first = minutes.group_by("peer_id").agg(pl.col("occurred_at").min().alias("met_at"))
    waits = (
        asked.join(first, on="peer_id").select(pl.col("asked_at") - pl.col("met_at")).to_series()
    )
    assert len(waits) > 10
    assert waits.median() > timedelta(hours=6)


def test_a_popular_host_gets_many_reports_that_reviewers_dismiss() -> None:
    here = world()
    deeds = popular_host.run(here, plan(here, "popular_host", "negative"))
    assert deeds.events[REPORTS].height > 100
    assert deeds.events[REPORTS]["dismissed"].all()
    assert deeds.events[MINUTES]["account_id"].n_unique() == 1
    assert deeds.events[MINUTES]["occurred_at"].max() < here.end
