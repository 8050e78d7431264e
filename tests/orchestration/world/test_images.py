from datetime import timedelta

import polars as pl
import pytest

from orchestration.world.campaigns import forged_documents, undressing
from orchestration.world.traffic import images
from orchestration.world.world import VARIANTS, Variant
from tests.support.worlds import DAY, START, check_named, check_time_and_contracts, fits, run, world

TABLE = ("images", "images")


def test_a_day_is_the_same_again_and_another_seed_makes_another() -> None:
    first = images.traffic(world(), START)[TABLE]
    assert first.equals(images.traffic(world(), START)[TABLE])
    assert not first.equals(images.traffic(world(6), START)[TABLE])


def test_a_day_stays_within_itself_and_fits_the_contract() -> None:
    made = images.traffic(world(), START + DAY)[TABLE]
    assert made["occurred_at"].min() >= START + DAY
    assert made["occurred_at"].max() < START + 2 * DAY
    assert fits(TABLE, made)
    assert made.height > 100


def test_honest_scores_are_low_with_some_that_are_not() -> None:
    made = images.traffic(world(accounts=20_000), START)[TABLE]
    over = made.select((pl.col("^score_.*$") > 0.5).mean()).row(0, named=True)
    for name in ("score_sexual", "score_minor", "score_undress", "score_document"):
        assert 0.0005 < over[name] < 0.02, name
    assert made["refused"].mean() < 0.02


def test_an_edit_is_of_a_picture_that_its_maker_gave_before() -> None:
    made = images.traffic(world(), START)[TABLE].sort("occurred_at")
    given = (
        made.filter(pl.col("operation") == "upload").select("account_id", "upload_hash").unique()
    )
    edits = made.filter(pl.col("operation") == "edit")
    assert edits.join(given, on=["account_id", "upload_hash"]).height == edits.height > 10


def test_equal_prompts_have_equal_hashes_and_others_do_not() -> None:
    made = images.traffic(world(accounts=20_000), START)[TABLE].drop_nulls("prompt")
    pairs = made.select("prompt", "prompt_hash").unique()
    assert pairs.height == pairs["prompt"].n_unique() == pairs["prompt_hash"].n_unique()


def test_a_score_keeps_to_its_mean() -> None:
    rng = world().draws("scores")
    values = images.scores(rng, pl.Series([0.7] * 5_000).to_numpy())
    assert values.mean() == pytest.approx(0.7, abs=0.02)
    assert values.is_between(0, 1).all()


def test_runs_count_gaps_from_the_second_event_on_and_end_in_time() -> None:
    starts = pl.Series([START, START + timedelta(minutes=59)], dtype=pl.Datetime("us", "UTC"))
    gaps = pl.Series([9.0, 60.0, 60.0, 9.0, 120.0]).to_numpy()
    lengths = pl.Series([3, 2]).to_numpy()
    of, at = images.runs(starts, lengths, gaps, START + timedelta(hours=1))
    assert of.tolist() == [0, 0, 0, 1, 1]
    minutes = [timedelta(0), timedelta(minutes=1), timedelta(minutes=2)]
    late = [timedelta(minutes=57, seconds=59), timedelta(minutes=59, seconds=59)]
    assert (at - START).to_list() == minutes + late


def test_at_hours_keeps_to_local_hours() -> None:
    zones = pl.Series([-6.0, 0.0, 5.5] * 200).to_numpy()
    at = images.at_hours(world().draws("hours"), zones, START, START + 3 * DAY, hours=(22, 4))
    local = (at.dt.hour().to_numpy() + at.dt.minute().to_numpy() / 60 + zones) % 24
    assert ((local >= 22) | (local < 4)).mean() > 0.99


@pytest.mark.parametrize("kind", ["undressing", "forged_documents"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(600, 7), (300, 1)])
def test_a_campaign_stays_in_its_time_and_names_who_acts(
    kind: str, variant: Variant, size: tuple[int, int]
) -> None:
    here = world(accounts=size[0], days=size[1])
    deeds = run(kind, variant, here)
    check_time_and_contracts(deeds, here)
    check_named(deeds, TABLE)


@pytest.mark.parametrize("kind", ["undressing", "forged_documents"])
def test_a_campaign_is_the_same_again_and_differs_by_seed(kind: str) -> None:
    here, there = run(kind, "loud", world()), run(kind, "loud", world())
    assert here.events[TABLE].equals(there.events[TABLE])
    assert here.actors.equals(there.actors)
    assert run(kind, "loud", world(6)).events[TABLE].height != here.events[TABLE].height


def test_undressing_goes_on_after_refusals() -> None:
    made = (
        run("undressing", "loud", world()).events[TABLE].filter(pl.col("upload_hash").is_not_null())
    )
    tries = made.group_by("upload_hash").agg(pl.col("refused").sum())
    assert (tries["refused"] >= 2).mean() > 0.3


def test_evasive_accounts_share_pictures_and_score_in_the_middle() -> None:
    made = run("undressing", "evasive", world()).events[TABLE]
    shared = made.group_by("upload_hash").agg(pl.col("account_id").n_unique())
    assert shared.drop_nulls("upload_hash")["account_id"].max() >= 5
    assert made["score_undress"].mean() < 0.55


def test_forgers_share_few_wordings() -> None:
    deeds = run("forged_documents", "evasive", world())
    assert deeds.actors.filter(entity_type="prompt_hash")["entity"].n_unique() == 3
    assert deeds.actors["actor"].n_unique() > 30


def test_shapes_exist_for_every_variant() -> None:
    assert set(undressing.SHAPES) == set(forged_documents.SHAPES) == set(VARIANTS)
