"""What logs hold of prompts and messages, such as scores; and who joins a campaign."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

import numpy as np
import polars as pl

from monitors.columns import TIMESTAMP
from orchestration.world import network, people, texts
from orchestration.world.draws import Generator, Real, Whole, generator, ids, pick, poisson_rows
from orchestration.world.rhythm import DAY_SECONDS, HUMAN, after, at, moments
from orchestration.world.traffic.accounts import called
from orchestration.world.world import DAY, Plan, World, stamped

MODELS = ["aria-4", "aria-4-mini", "aria-3", "aria-4-code"]
MODEL_SHARES = np.array([40, 38, 12, 10], dtype=float)
SCORES = ["jailbreak", "harassment", "sexual_minors", "self_harm", "violence", "malware", "scam",
          "extraction", "cbrn"]  # fmt: skip
POOL = 8192  # scores are drawn from this many, which is faster than the distribution
UNSCORED = 0.004  # of prompts: the classifier took too long
HOME = {"IN": "hi", "BR": "pt", "DE": "de", "FR": "fr", "JP": "ja", "ES": "es", "MX": "es",
        "ID": "id"}  # fmt: skip
OWN = ("account_id", "device_id", "ip", "asn", "country", "user_agent")
ACTS_FROM = 0.1  # of a campaign's length: its accounts are made before


def scored(rng: Generator, n: int, a: float, b: float, *, errs: float = 0.0) -> Real:
    """`n` scores of a Beta distribution to four digits; a share of them err, high or low alike."""
    drawn = _pool(a, b)[rng.integers(0, POOL, n)]
    if errs:
        wrong = rng.random(n) < errs
        drawn[wrong] = _pool(2.0, 2.0)[rng.integers(0, POOL, int(wrong.sum()))]
    return drawn


def usual_scores(rng: Generator, n: int) -> dict[str, Real]:
    """The scores of prompts about nothing in particular, by column."""
    return {f"score_{name}": scored(rng, n, 0.5, 14, errs=0.001) for name in SCORES}


def scores(rng: Generator, n: int, raised: Mapping[str, Real]) -> dict[str, pl.Series]:
    """The scores of prompts, those in `raised` instead of the usual; null where none was made."""
    lost = pl.Series(rng.random(n) < UNSCORED)
    every = {**usual_scores(rng, n), **raised}
    return {name: pl.Series(name, values).set(lost, None) for name, values in every.items()}


def spoken(rng: Generator, countries: pl.Series) -> Whole:
    """The language people write in, as a place in texts.LANGUAGES: that of home, or English."""
    home = countries.replace_strict(HOME, default="en", return_dtype=pl.String)
    codes = {language: i for i, language in enumerate(texts.LANGUAGES)}
    own = home.replace_strict(codes, return_dtype=pl.Int64).to_numpy()
    return np.where(rng.random(len(own)) < 0.65, own, 0)


def prompts(
    rng: Generator,
    rows: pl.DataFrame,
    times: pl.Series,
    written: pl.DataFrame,
    *,
    refused: pl.Series | None = None,
    conversation: Whole | None = None,
    raised: Mapping[str, Real] | None = None,
) -> pl.DataFrame:
    """Prompts of the people in `rows`, one each, at these times, with texts as texts.py makes.

    `conversation` numbers the conversation of each prompt; each is one of its own without.
    """
    n = rows.height
    which = np.arange(n) if conversation is None else conversation
    names = ids(rng, int(which.max()) + 1 if n else 0, "v")
    return stamped(
        rows, times, conversation_id=names.gather(which),
        model=pick(rng, MODELS, len(names), MODEL_SHARES).gather(which),
        refused=pl.Series(rng.random(n) < 0.015) if refused is None else refused,
        **{name: written[name] for name in written.columns},
        **scores(rng, n, raised or {}),
    )  # fmt: skip


def messages(
    rng: Generator, rows: pl.DataFrame, times: pl.Series, recipients: pl.Series, **columns: object
) -> pl.DataFrame:
    """Messages of the people in `rows` to strangers; `columns` set and replace what is usual."""
    n = rows.height
    usual = {
        "recipient_id": recipients,
        "recipient_is_contact": pl.Series(rng.random(n) < 0.02),
        "sender_age_days": (times.cast(TIMESTAMP) - rows["created_at"]).dt.total_seconds() / 86_400,
        "delivered": pl.Series(rng.random(n) < 0.96),
        "reported": pl.Series(rng.random(n) < 0.02),
        "score_spam": pl.Series(scored(rng, n, 0.7, 9, errs=0.002)),
        "score_harassment": pl.Series(scored(rng, n, 0.5, 14, errs=0.002)),
    }
    return stamped(rows, times, **{**usual, **columns})


def recruits(
    rng: Generator, world: World, plan: Plan, n: int, ends: datetime, *, bought: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The accounts of a campaign, and the sign-ups of those that it makes itself.

    A share is bought or broken into: an honest person's, used from elsewhere on a device of the
    campaign's. The others are made before a tenth of the campaign has passed; see `acting`.
    """
    taken = world.some(rng, round(n * bought), plan.start)
    moved = taken.with_columns(
        device_id=ids(rng, taken.height, "d"), **network.anywhere(rng, taken.height).to_dict()
    )
    early = (acting(plan, ends) - plan.start).total_seconds()
    fresh = people.newcomers(rng, at(plan.start, np.sort(rng.random(n - taken.height)) * early))
    named_by = ("email_domain", "email_hash", "phone_hash")
    called_by = called(world, rng, fresh.height)
    given = {name: pl.col(name) for name in named_by}
    signups = stamped(fresh, fresh["created_at"], **given, name_hash=called_by)
    return pl.concat([moved.cast(fresh.schema), fresh]), signups


def acting(plan: Plan, ends: datetime) -> datetime:
    """The moment from which the accounts of a campaign act."""
    return plan.start + (ends - plan.start) * ACTS_FROM


def human_times(
    rng: Generator, offsets: Real, start: datetime, end: datetime, *, profile: Real = HUMAN
) -> pl.Series:
    """A time per offset between two moments, on any of their days, at hours as people keep."""
    n = len(offsets)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (end - midnight) // DAY + 1
    local = moments(rng, midnight, offsets, profile=profile)
    chosen = after(local, np.float64(DAY_SECONDS) * rng.integers(0, days, n))
    anyhow = at(start, rng.random(n) * (end - start).total_seconds())
    inside = (chosen >= start) & (chosen < end)
    return chosen.zip_with(inside, anyhow)


def small_talk(
    rng: Generator, rows: pl.DataFrame, plan: Plan, ends: datetime, *, each: float
) -> pl.DataFrame:
    """Ordinary prompts, so many on average an account, with which a campaign blends in."""
    talking = rows[poisson_rows(rng, np.full(rows.height, each))]
    times = human_times(rng, talking["offset"].to_numpy(), acting(plan, ends), ends)
    written = texts.ordinary(rng, spoken(rng, talking["country"]))
    return prompts(rng, talking, times, written)


def within(plan: Plan, events: pl.DataFrame) -> pl.DataFrame:
    """The events of a plan's time; what would fall after it does not take place."""
    moment = pl.col("occurred_at")
    return events.filter(moment >= plan.start, moment < plan.until)


def turns(
    rng: Generator, sessions: pl.Series, counts: Whole, gap: float
) -> tuple[Whole, Whole, pl.Series]:
    """The turns of sessions, of so many each: session, number from 0, and time `gap` seconds on."""
    of = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    pace = gap * np.exp(0.5 * rng.standard_normal(len(counts)))[of]
    return of, number, after(sessions.gather(of), number * pace + pace * 0.6 * rng.random(len(of)))


def strangers(rng: Generator, world: World, plan: Plan, n: int) -> pl.DataFrame:
    """`n` people at random, the same more than once perhaps, to whom a campaign does something."""
    everybody = world.present(plan.start)
    return everybody[rng.integers(0, everybody.height, n)]


def complaints(
    rng: Generator, plan: Plan, victims: pl.DataFrame, sent: pl.DataFrame, share: float
) -> pl.DataFrame:
    """Reports by some of those who got the messages in `sent`, a while later; most are upheld."""
    some = np.flatnonzero(rng.random(sent.height) < share)
    n = len(some)
    reviewed = pl.Series(rng.random(n) < 0.7)
    reports = stamped(
        victims[some], after(sent["occurred_at"][some], rng.exponential(5_000, n)),
        target_id=sent["account_id"][some], item_id=ids(rng, n, "m"),
        reason=pick(rng, ["spam", "scam", "other"], n),
        dismissed=pl.Series(rng.random(n) < 0.15).set(~reviewed, None),
    )  # fmt: skip
    return within(plan, reports)


@cache
def _pool(a: float, b: float) -> Real:
    drawn: Real = np.round(generator(0, "scores", a, b).beta(a, b, POOL), 4)
    return drawn
