"""Honest traffic of `chat`: conversations with models, some of them rude, curious or about work.

People try jailbreaks out of curiosity, ask again after a refusal and give up; writers, chemists
and security staff raise scores that mean nothing; a few run the same prompt every hour.
"""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.world import texts
from orchestration.world.campaigns.score_blind_spot import unscored
from orchestration.world.conversations import (
    MODEL_SHARES,
    MODELS,
    OWN,
    UNSCORED,
    prompts,
    scored,
    spoken,
    usual_scores,
)
from orchestration.world.draws import Generator, Real, Whole, ids, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, at, visits
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import DAY, Tables, World

TALKS = 1.1  # conversations a day and account of usual activity
MOST_TALKS, MOST_TURNS = 60, 40
TURNS = 0.25  # chance that a conversation ends with a turn
ASKS_AGAIN = 0.4  # after a refusal
PUBLIC_SHARE = 0.4  # of jailbreaks that curious people try
NO_ACCOUNT = 0.02
HOURLY = 0.003  # of people have a prompt run every hour
Flags = NDArray[np.bool_]


class Topic(NamedTuple):
    """What a conversation is about: whose share, which score it raises and how, refusals."""

    share: float  # of the conversations of those people whom it concerns
    concerns: float  # share of people; 1: everybody, some much more than others
    score: str
    a: float
    b: float
    refused: float


TOPICS = (
    Topic(0.052, 1, "jailbreak", 4.0, 2.2, 0.85),
    Topic(0.102, 1, "harassment", 4.4, 2.4, 0.10),
    Topic(0.004, 1, "violence", 2.0, 3.5, 0.05),
    Topic(0.002, 1, "self_harm", 3.0, 2.5, 0.02),
    Topic(0.40, 0.012, "malware", 2.4, 3.6, 0.06),
    Topic(0.30, 0.008, "cbrn", 1.6, 4.5, 0.04),
    Topic(0.35, 0.015, "scam", 1.8, 4.0, 0.01),
    Topic(0.30, 0.010, "extraction", 1.8, 3.6, 0.01),
    Topic(0.20, 0.006, "sexual_minors", 1.2, 7.0, 0.02),
)
ABOUT_IT = 0.7  # of the turns of a conversation with a topic
CURIOUS = 0  # the topic whose turns end after a few tries


def traffic(world: World, day: datetime) -> Tables:
    """Prompts of one day."""
    rng = world.draws("chat", day)
    habits = _habits(world)
    people = habits.filter(pl.col("created_at") < day + DAY, pl.col("chat"))
    every = pl.concat([_talks(rng, people, day), _hourly(world, habits, day)], how="diagonal")
    return {("chat", "prompts"): unscored(world, day, every)}


def _habits(world: World) -> pl.DataFrame:
    """Everybody, with the language they write and the chance of each topic in a conversation.

    Each habit has its own draws, so that those who join later change nothing about the others.
    """
    everybody = world.people
    n = everybody.height
    chances = {}
    for topic in TOPICS:
        rng = world.draws("chat", "warmth", topic.score)
        warmth = np.exp(1.2 * rng.standard_normal(n) - 0.72)  # 1 on average
        concerned = world.draws("chat", "concern", topic.score).random(n) < topic.concerns
        often = warmth if topic.concerns == 1 else concerned.astype(float)
        chances[f"topic_{topic.score}"] = np.minimum(topic.share * often, 0.9)
    return everybody.with_columns(
        language=spoken(world.draws("chat", "languages"), everybody["country"]),
        hourly=world.draws("chat", "hourly").random(n) < HOURLY,
        **chances,
    )


def _talks(rng: Generator, people: pl.DataFrame, day: datetime) -> pl.DataFrame:
    """Conversations, turn by turn."""
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()] * TALKS
    rows = poisson_rows(rng, np.minimum(pace, MOST_TALKS))
    talks = len(rows)
    starts = visits(rng, day, rows, people["offset"].to_numpy()[rows])
    counts = np.minimum(rng.geometric(TURNS, talks), MOST_TURNS)
    of = np.repeat(np.arange(talks), counts)
    turn = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    topics = _topics(rng, people, rows)[of]
    tries = rng.choice([1, 2, 3, 6], talks, p=[0.56, 0.28, 0.13, 0.03])[of]
    about = np.where(topics == CURIOUS, turn < tries, rng.random(len(of)) < ABOUT_IT)
    topics = np.where(about, topics, -1)
    refused = _refusals(rng, topics)
    again = (turn > 0) & np.roll(refused, 1) & (rng.random(len(of)) < ASKS_AGAIN)
    again |= (turn > 0) & (topics == CURIOUS) & (np.roll(topics, 1) == CURIOUS)
    gap = (45 * np.exp(0.6 * rng.standard_normal(talks)))[of]
    seconds = (turn * gap + gap * 0.5 * rng.random(len(of))) * 1e6
    who = _conversations(rng, people, rows, day)[of]
    events = who.with_columns(
        starts.gather(of).alias("occurred_at") + pl.Series(seconds).cast(pl.Duration("us")),
        refused=pl.Series(refused).set(pl.Series(rng.random(len(of)) < 0.003), None),
        **_written(rng, who, topics, again).to_dict(),
        **_scores(rng, topics),
    )
    return events.filter(pl.col("occurred_at") >= pl.col("created_at")).drop("plan", "created_at")


def _topics(rng: Generator, people: pl.DataFrame, rows: Whole) -> Whole:
    """What each conversation of these people is about, as a place in TOPICS; -1 is nothing."""
    chance = rng.random(len(rows))
    topics = np.full(len(rows), -1)
    upper: Real = np.zeros(len(rows))
    for i, topic in enumerate(TOPICS):
        lower, upper = upper, upper + people[f"topic_{topic.score}"].to_numpy()[rows]
        topics[(chance >= lower) & (chance < upper)] = i
    return topics


def _refusals(rng: Generator, topics: Whole) -> Flags:
    chances = np.array([*(topic.refused for topic in TOPICS), 0.012])  # the last: of nothing
    refused: Flags = rng.random(len(topics)) < chances[topics]
    return refused


def _conversations(
    rng: Generator, people: pl.DataFrame, rows: Whole, day: datetime
) -> pl.DataFrame:
    """Who has each conversation, from where, with which model."""
    known = ("plan", "language", "created_at")
    wanted = ["mobile_ip", "mobile_asn", "mobile_device", "vpn", *known, *OWN]
    who = somewhere(rng, people.select(wanted)[rows], day=day).select(*OWN, *known)
    n = len(rows)
    return who.with_columns(
        account_id=pl.when(pl.Series(rng.random(n) >= NO_ACCOUNT)).then("account_id"),
        conversation_id=ids(rng, n, "v"),
        model=pick(rng, MODELS, n, MODEL_SHARES).set(pl.Series(rng.random(n) < 0.003), None),
    )


def _written(rng: Generator, who: pl.DataFrame, topics: Whole, again: Flags) -> pl.DataFrame:
    """The texts; those of enterprises are not kept."""
    n = who.height
    near = np.minimum((texts.PUBLIC * rng.random(n) ** 2.2).astype(np.int64), texts.PUBLIC - 1)
    tries = np.where(rng.random(n) < PUBLIC_SHARE, near, -2)
    origin = np.maximum.accumulate(np.where(again, 0, np.arange(n)))
    public = np.where(topics == CURIOUS, tries, -1)
    written = texts.ordinary(
        rng,
        who["language"].to_numpy(),
        origin=origin,
        public=np.where(again, public[origin], public),
    )
    kept = pl.lit(who["plan"] != "enterprise")
    hidden = ("text", "text_hash", "template_hash")
    return written.with_columns(pl.when(kept).then(name).alias(name) for name in hidden)


def _scores(rng: Generator, topics: Whole) -> dict[str, pl.Series]:
    every = usual_scores(rng, len(topics))
    for i, topic in enumerate(TOPICS):
        about = np.flatnonzero(topics == i)
        every[f"score_{topic.score}"][about] = scored(rng, len(about), topic.a, topic.b, errs=0.04)
    lost = pl.Series(rng.random(len(topics)) < UNSCORED)
    return {name: pl.Series(name, values).set(lost, None) for name, values in every.items()}


def _hourly(world: World, habits: pl.DataFrame, day: datetime) -> pl.DataFrame:
    """Prompts that run by themselves, some minutes after every hour, day and night."""
    owners = habits.filter("hourly", "chat")
    always = texts.ordinary(world.draws("chat", "hourly"), owners["language"].to_numpy())
    rng = world.draws("chat", "hourly", day)
    here = np.repeat(np.flatnonzero(owners["created_at"] < day), 24)
    minute = owners["account_id"].str.tail(3).cast(pl.Int64).to_numpy()[here] % 60
    hour = np.tile(np.arange(24), len(here) // 24)
    seconds = hour * 3600.0 + minute * 60 + 3 * rng.random(len(here))
    return prompts(rng, owners[here], at(day, seconds), always[here])
