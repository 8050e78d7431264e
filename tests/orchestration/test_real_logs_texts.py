"""What detectors say about messages and prompts: the figures of docs/findings."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import polars as pl
import pytest

from monitors.detectors.near_duplicates import near_duplicates
from monitors.detectors.text_classifier import (
    TextModel,
    linear_text_model,
    text_classifier,
)
from orchestration.lake import Lake
from tests.support.samples import NOW, SAMPLES, events, kept, take

DAY = timedelta(days=1)
FOLDS, HALF = 3, 0.5
Read = Callable[..., pl.DataFrame]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Events of a sample, taken in once a module."""

    @cache
    def one(mapping: str, *files: str) -> pl.DataFrame:
        lake = Lake(str(tmp_path_factory.mktemp("lake")))
        source = take(lake, mapping, *(SAMPLES / file for file in files))
        return events(lake, source.product, source.contract)

    return one


def rates(flagged: pl.Series, true: pl.Series) -> tuple[int, int, int]:
    """True positives, false positives and misses."""
    return (
        len(true.filter(flagged & true)),
        len(true.filter(flagged & ~true)),
        len(true.filter(~flagged & true)),
    )


def f1(counts: tuple[int, int, int]) -> float:
    hits, false, missed = counts
    return round(2 * hits / (2 * hits + false + missed), 3)


@pytest.fixture(scope="module")
def messages(read: Read) -> pl.DataFrame:
    found = read("sms_spam", "sms_spam.tsv.gz")
    return found.with_columns(spam=kept("label") == "spam")


@pytest.fixture(scope="module")
def templates(messages: pl.DataFrame) -> pl.DataFrame:
    """One row per message in a template: its template, that one's size, and its own label."""
    found = near_duplicates(messages.lazy(), author="event_id", text="text").collect()
    members = found.select("template", "texts", event_id="members").explode("event_id")
    return members.join(messages.select("event_id", "spam"), on="event_id")


def test_templates_of_messages_are_wholly_spam_or_wholly_not(templates: pl.DataFrame) -> None:
    each = templates.group_by("template").agg(
        pl.col("texts").first(), spam=pl.col("spam").sum(), n=pl.len()
    )
    mixed = each.filter(pl.col("spam") > 0, pl.col("spam") < pl.col("n"))
    assert (each["n"] == each["texts"]).all(), "no template has more members than are listed"
    assert mixed.is_empty()
    assert (each.height, (each["spam"] > 0).sum(), each["spam"].sum()) == (347, 149, 414)
    large = each.filter(pl.col("texts") >= 5)
    assert (large.height, (large["spam"] > 0).sum()) == (18, 16)
    assert large.filter(pl.col("spam") == 0)["n"].sort().to_list() == [12, 31]


def test_a_linear_model_of_messages(messages: pl.DataFrame, templates: pl.DataFrame) -> None:
    keyed = messages.join(templates.select("event_id", "template"), on="event_id", how="left")
    keyed = keyed.with_columns(apart=pl.coalesce("template", "text_hash"))
    apart = cross_validated(keyed)
    assert (apart, f1(apart)) == ((623, 15, 124), 0.9)


def cross_validated(messages: pl.DataFrame) -> tuple[int, int, int]:
    """Rates at 0.5, each text judged by a model that saw no text of its template."""
    number = pl.col("apart").str.head(8).str.to_integer(base=16)
    folded = messages.sort("event_id").with_columns(fold=number % FOLDS)
    judged = []
    for fold in range(FOLDS):
        known = folded.filter(pl.col("fold") != fold)
        model = linear_text_model(known["text"].to_list(), known["spam"].cast(pl.Int64).to_list())
        unseen = folded.filter(pl.col("fold") == fold).lazy()
        judged.append(text_classifier(unseen, model, text="text").collect())
    every = pl.concat(judged)
    return rates(every["probability"] >= HALF, every["spam"])


@pytest.fixture(scope="module")
def jailbreaks(read: Read) -> pl.DataFrame:
    found = read("jailbreak_prompts")
    return found.with_columns(family=kept("community_name"), platform=kept("platform"))


def test_few_texts_are_posted_in_two_places_within_four_weeks(jailbreaks: pl.DataFrame) -> None:
    assert (jailbreaks.height, jailbreaks["text_hash"].n_unique()) == (664, 647)
    apart = pl.col("occurred_at").max() - pl.col("occurred_at").min()
    exact = jailbreaks.group_by("text_hash").agg(
        places=pl.col("account_id").n_unique(), apart=apart
    )
    assert exact["places"].max() == 2
    soon = exact.filter(pl.col("places") > 1, pl.col("apart") < 28 * DAY)
    assert soon.height == 12


def test_near_duplicates_find_the_families_of_jailbreaks(jailbreaks: pl.DataFrame) -> None:
    together = jailbreaks.with_columns(day=pl.lit(NOW).dt.cast_time_unit("us"))
    found = near_duplicates(
        together.lazy(), author="event_id", text="text", time="day", grid=DAY
    ).collect()
    members = found.select("template", event_id="members").explode("event_id")
    each = (
        members.join(jailbreaks, on="event_id")
        .group_by("template")
        .agg(
            n=pl.len(),
            places=pl.col("account_id").n_unique(),
            platforms=pl.col("platform").n_unique(),
            families=pl.col("family").drop_nulls().n_unique(),
            days=(pl.col("occurred_at").max() - pl.col("occurred_at").min()).dt.total_days(),
        )
        .sort("n", "template", descending=True)
    )
    assert (each.height, each["n"].sum(), each["families"].max()) == (75, 233, 1)
    assert (each["platforms"] > 1).sum() == 45
    assert (each["places"] >= 3).sum() == 15
    assert each.select("n", "places", "platforms", "days").row(0) == (21, 7, 3, 70)


def fitted(prompts: pl.DataFrame, label: str, positive: str) -> TextModel:
    """A model of a whole labelled collection."""
    ordered = prompts.sort("event_id").with_columns(y=kept(label) == positive)
    return linear_text_model(ordered["text"].to_list(), ordered["y"].cast(pl.Int64).to_list())


def flagged(prompts: pl.DataFrame, model: TextModel) -> pl.DataFrame:
    judged = text_classifier(prompts.lazy(), model, text="text").collect()
    return judged.with_columns(flagged=pl.col("probability") >= HALF)


def test_a_model_of_injections_blocks_few_safe_prompts_and_few_unsafe_ones(
    read: Read, jailbreaks: pl.DataFrame
) -> None:
    model = fitted(read("prompt_injections", "prompt_injections.parquet"), "label", "1")
    tricky = flagged(read("xstest", "xstest.csv.gz"), model).with_columns(label=kept("label"))
    found = tricky.group_by("label").agg(pl.len(), pl.col("flagged").sum()).sort("label")
    assert found.rows() == [("safe", 250, 1), ("unsafe", 200, 1)]
    assert flagged(jailbreaks, model)["flagged"].sum() == 644
    talk = read("convabuse", "convabuse_train.csv.gz", "convabuse_valid.csv.gz")
    assert flagged(talk, model)["flagged"].sum() == 863
    comments = flagged(read("toxicity_en", "toxicity_en.csv.gz"), model)
    assert comments["flagged"].sum() == 358


def test_a_model_of_comments_is_not_one_of_talk(read: Read) -> None:
    model = fitted(read("toxicity_en", "toxicity_en.csv.gz"), "is_toxic", "Toxic")
    talk = read("convabuse", "convabuse_train.csv.gz", "convabuse_valid.csv.gz")
    judged = flagged(talk, model).join(abuse(), on="event_id")
    assert judged.height == 3332
    assert rates(judged["flagged"], judged["abuse"]) == (350, 1028, 100)


def abuse() -> pl.DataFrame:
    """Whether more annotators called a turn abuse (-1 to -3) than did not (0, 1)."""
    files = [SAMPLES / f"convabuse_{part}.csv.gz" for part in ("train", "valid")]
    turns = pl.concat([pl.read_csv(file, infer_schema=False) for file in files])
    said = pl.selectors.matches
    votes = said(r"_is_abuse\.-[123]$"), said(r"_is_abuse\.[01]$")
    yes, no = (pl.sum_horizontal(v.fill_null("").str.contains("1")) for v in votes)
    return turns.select(event_id="convabuse-" + pl.col("example_id"), abuse=yes > no)
