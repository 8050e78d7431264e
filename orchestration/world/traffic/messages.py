"""Honest messages between people on `chat`, notices that shops send, and reports by people.

Most messages go to a few contacts; some to groups and to strangers. Shops write to customers whom
they do not know, in the same words. Some reports are unfounded, and some accounts get many a day.
"""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world import texts
from orchestration.world.conversations import OWN, scored, spoken
from orchestration.world.draws import Generator, Real, Whole, ids, lognormal, pick, poisson_rows
from orchestration.world.rhythm import OFFICE, WEEKDAY, after, at, moments, visits
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.wording import WORDS
from orchestration.world.world import DAY, Tables, World, stamped

THREADS = 1.3  # a day and account of usual activity: exchanges of some messages with one other
MOST_THREADS, MOST_MESSAGES = 40, 30
STRANGERS, GROUPS = 0.08, 0.10  # of threads
LINKS = 0.05
SITES = 600  # that people link to
SHOPS = 1 / 1500  # of accounts
PEOPLE_PER_GROUP = 20
REPORTS = 0.0022  # a day and account
PILE_ONS = 1 / 6000  # a day and account: an account that many report at once
REASONS = ["spam", "harassment", "scam", "hate", "impersonation", "self_harm", "other"]
REASON_SHARES = np.array([34, 24, 14, 8, 5, 2, 13], dtype=float)


def traffic(world: World, day: datetime) -> Tables:
    """Messages and reports of one day."""
    rng = world.draws("messages", day)
    people = world.present(day + DAY)
    sent = [_threads(world, rng, people, day), _notices(world, rng, day)]
    return {
        ("chat", "messages"): pl.concat(sent, how="diagonal"),
        ("chat", "user_reports"): _reports(rng, people, day),
    }


def sites(rng: Generator, n: int) -> pl.Series:
    """`n` domains of two words and a number, as shops and others have."""
    words = WORDS["en"].split()
    parts = [pick(rng, words, n), pick(rng, words, n), pl.Series(rng.integers(0, 100, n))]
    named = pl.DataFrame([part.cast(pl.String).alias(str(i)) for i, part in enumerate(parts)])
    ending = pl.lit(pick(rng, [".example", ".shop.example", ".site.example"], n))
    return named.select(domain=pl.concat_str(pl.all(), ending))["domain"]


def _threads(world: World, rng: Generator, people: pl.DataFrame, day: datetime) -> pl.DataFrame:
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()] * THREADS
    rows = poisson_rows(rng, np.minimum(pace, MOST_THREADS) * people["messages"].to_numpy())
    n = len(rows)
    starts = visits(rng, day, rows, people["offset"].to_numpy()[rows])
    counts = np.minimum(rng.geometric(0.35, n), MOST_MESSAGES)
    of = np.repeat(np.arange(n), counts)
    turn = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    gap = (70 * np.exp(0.9 * rng.standard_normal(n)))[of]
    wanted = ["mobile_ip", "mobile_asn", "mobile_device", "vpn", "created_at", *OWN]
    who = somewhere(rng, people.select(wanted)[rows], day=day).with_columns(
        _recipients(world, rng, rows), written_in=spoken(rng, people["country"][rows])
    )
    events = who.select("recipient_id", "recipient_is_contact", "created_at", "written_in", *OWN)
    times = after(starts.gather(of), turn * gap + gap * 0.5 * rng.random(len(of)))
    timed = events[of].with_columns(times.alias("occurred_at"))
    return _sent(world, rng, timed.filter(pl.col("occurred_at") >= pl.col("created_at")))


def _recipients(world: World, rng: Generator, rows: Whole) -> list[pl.Series]:
    """Whom each thread of these people is with: a contact of theirs, a stranger or a group."""
    n = len(rows)
    residents = world.people["account_id"].head(world.accounts)
    favourite = np.minimum(rng.geometric(0.2, n), 40)
    contact = (rows * 7 + favourite * 104_729 + 13) % world.accounts
    kind = rng.random(n)
    stranger = kind < STRANGERS
    whom = np.where(stranger, rng.integers(0, world.accounts, n), contact)
    every_group = ids(world.draws("groups"), world.accounts // PEOPLE_PER_GROUP + 1, "g")
    groups = every_group.gather((rows * 3 + favourite % 4 * 7_919) % len(every_group))
    grouped = pl.Series(kind > 1 - GROUPS)
    return [
        residents.gather(whom).zip_with(~grouped, groups).alias("recipient_id"),
        pl.Series("recipient_is_contact", ~stranger).set(grouped, None),
    ]


def _sent(world: World, rng: Generator, who: pl.DataFrame) -> pl.DataFrame:
    """The messages themselves: text, link, scores, whether delivered and reported."""
    n = who.height
    written = texts.ordinary(rng, who["written_in"].to_numpy())
    stranger = ~who["recipient_is_contact"].fill_null(value=True).to_numpy()
    spam = np.where(stranger, scored(rng, n, 1.2, 6, errs=0.01), scored(rng, n, 0.7, 9, errs=0.002))
    some = sites(world.draws("sites"), SITES)
    links = some.gather((SITES * rng.random(n) ** 3).astype(np.int64))
    lost = pl.Series(rng.random(n) < 0.004)
    return stamped(
        who, who["occurred_at"],
        recipient_id=pl.col("recipient_id"), recipient_is_contact=pl.col("recipient_is_contact"),
        sender_age_days=_age(), delivered=pl.Series(rng.random(n) < 0.985).set(lost, None),
        reported=pl.Series(rng.random(n) < np.where(stranger, 0.006, 0.0002)),
        text=written["text"], text_hash=written["text_hash"],
        link_domain=links.set(pl.Series(rng.random(n) >= LINKS), None),
        score_spam=pl.Series(spam).set(lost, None),
        score_harassment=pl.Series(scored(rng, n, 0.5, 14, errs=0.015)).set(lost, None),
    )  # fmt: skip


def _age() -> pl.Expr:
    return (pl.col("occurred_at") - pl.col("created_at")).dt.total_seconds() / 86_400


def _notices(world: World, rng: Generator, day: datetime) -> pl.DataFrame:
    """What shops write to their customers by day: the same words, a link, often to strangers."""
    own = world.draws("shops")
    shops = world.people.head(world.accounts)[own.permutation(world.accounts)]
    shops = shops.head(int(world.accounts * SHOPS) + 1)
    usual: Real = lognormal(own, shops.height, median=18, spread=0.9)
    domains, orders = sites(own, shops.height), [texts.composed(own, "order") for _ in usual]
    counts = rng.poisson(np.minimum(usual, 250) * (0.3 if day.weekday() > 4 else 1.0))
    of = np.repeat(np.arange(shops.height), counts)
    n = len(of)
    parts = [
        texts.spun(rng, order, c, freedom=0)
        for order, c in zip(orders, counts.tolist(), strict=True)
    ]
    written = pl.concat(parts)
    residents = world.people["account_id"].head(world.accounts)
    rows = shops[of]
    return stamped(
        rows, moments(rng, day, rows["offset"].to_numpy(), profile=OFFICE),
        recipient_id=residents.gather(rng.integers(0, world.accounts, n)),
        recipient_is_contact=pl.Series(rng.random(n) < 0.6), sender_age_days=_age(),
        delivered=pl.Series(rng.random(n) < 0.98), reported=pl.Series(rng.random(n) < 0.001),
        text=written, text_hash=texts.hashed(written), link_domain=domains.gather(of),
        score_spam=pl.Series(scored(rng, n, 2, 5)),
        score_harassment=pl.Series(scored(rng, n, 0.5, 20)),
    )  # fmt: skip


def _reports(rng: Generator, people: pl.DataFrame, day: datetime) -> pl.DataFrame:
    """Reports, most about accounts that are often reported, some by a crowd about one account."""
    each = rng.poisson(people.height * REPORTS)
    crowds = rng.integers(4, 11, rng.poisson(people.height * PILE_ONS))
    often = np.minimum((people.height * rng.random(each) ** 3).astype(np.int64), people.height - 1)
    crowded = np.repeat(rng.integers(0, people.height, len(crowds)), crowds)
    targets = np.concatenate([often, crowded])
    n = len(targets)
    who = somewhere(rng, people[rng.integers(0, people.height, n)])
    times = visits(rng, day, np.arange(n), who["offset"].to_numpy())
    began = np.repeat(rng.random(len(crowds)) * 70_000, crowds)
    together = at(day, began + rng.exponential(3_000, len(crowded)))
    times = pl.concat([times.head(each), together])
    upheld = pl.Series(rng.random(n) < 0.4)
    reviewed = pl.Series(rng.random(n) < 0.85)
    return stamped(
        who, times, target_id=people["account_id"].gather(targets),
        item_id=ids(rng, n, "m").set(pl.Series(rng.random(n) < 0.4), None),
        reason=pick(rng, REASONS, n, REASON_SHARES).set(pl.Series(rng.random(n) < 0.1), None),
        dismissed=(~upheld).set(~reviewed, None),
    )  # fmt: skip
