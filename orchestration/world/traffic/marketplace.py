"""Honest traffic of `marketplace`: listings are made, changed, installed and rated."""

from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, Whole, ids, lognormal, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, after, at, visits
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.traffic.agents import WORDS, hosts
from orchestration.world.traffic.images import hashed, scores
from orchestration.world.world import DAY, Tables, World, stamped

PEOPLE_A_LISTING = 40
OLDEST = 400  # days
FORTHCOMING, FUTURE = 0.12, 42  # share of listings that appear in so many days from the start
INSTALLS = 0.35  # a day and person of usual activity
RATED = 0.22  # of installs
KINDS = ["Labs", "Studio", "Works", "AI", "Tools", "Software", "Apps", "Systems", "Media", "Cloud"]
SHOWN = ("listing_id", "publisher_name", "title_hash", "config_hash", "action_domain")
STARS = [1.0, 2.0, 3.0, 4.0, 5.0]
STAR_SHARES = [0.09, 0.04, 0.08, 0.22, 0.57]
MOVES = 15  # versions after which a listing calls another domain


def traffic(world: World, day: datetime) -> Tables:
    """What happened on the marketplace in one day."""
    rng = world.draws("marketplace", day)
    shelf = catalogue(world)
    offered = shelf.filter(pl.col("listed_at") < day)
    people = world.people.filter("marketplace", pl.col("created_at") < day + DAY)
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()] * INSTALLS
    rows = poisson_rows(rng, np.minimum(pace, 8))
    times = visits(rng, day, rows, people["offset"].to_numpy()[rows])
    chosen = offered[popular(rng, offered, len(rows))]
    installs = acted(somewhere(rng, people[rows]), chosen, times, "install", version(chosen, day))
    return {
        ("marketplace", "listings"): pl.concat(
            [installs, ratings(rng, installs, RATED), _published(rng, shelf, day)],
            how="diagonal",
        )
    }


@lru_cache(maxsize=2)
def catalogue(world: World) -> pl.DataFrame:
    """Every listing ever offered in a world, one row each, with what its publisher's account has.

    `popularity` weighs; `pace` are the days between versions, `phase` shifts them.
    """
    rng = world.draws("marketplace", "catalogue")
    able = world.people.filter("marketplace", pl.col("created_at") < world.start)
    n = max(40, world.accounts // PEOPLE_A_LISTING)
    owners = able[rng.permutation(able.height)[: n // 2 + 1]]
    of = np.minimum(rng.pareto(1.4, n) * owners.height / 6, owners.height - 1).astype(np.int64)
    ages = rng.uniform(0, OLDEST, n)
    to_come = max(2, int(n * FORTHCOMING))
    ages[:to_come] = -rng.uniform(0, FUTURE, to_come)
    count = len(WORDS)
    name = pl.DataFrame({"a": rng.permutation(count**2)[np.arange(owners.height) % count**2]})
    names = name.select(
        pl.concat_str(
            pl.lit(pl.Series(WORDS)).gather(pl.col("a") % count).str.to_titlecase(),
            pl.lit(pl.Series(WORDS)).gather(pl.col("a") // count),
            pl.lit(" "),
            pl.lit(pick(rng, KINDS, owners.height)),
        )
    ).to_series()
    return owners[of].with_columns(
        number=pl.Series(np.arange(n)),
        listing_id=ids(rng, n, "l"),
        publisher_name=names.gather(of),
        title_hash=ids(rng, n, "h"),
        listed_at=at(world.start, -ages * 86_400),
        popularity=pl.Series(lognormal(rng, n, median=1, spread=1.7)),
        pace=pl.Series(np.maximum(lognormal(rng, n, median=25, spread=0.8), 1)),
        phase=pl.Series(rng.uniform(0, 200, n)),
        host=pl.Series(rng.integers(1_000, 60_000, n)),
        calls_out=pl.Series(rng.random(n) < 0.6),
    )


def popular(rng: Generator, offered: pl.DataFrame, n: int) -> Whole:
    """`n` rows of listings, by popularity."""
    weights = offered["popularity"].to_numpy().cumsum()
    chosen: Whole = np.searchsorted(weights, rng.random(n) * weights[-1])
    return chosen


def version(listings: pl.DataFrame, moments: datetime | pl.Series) -> Whole:
    """The number of the version each listing has at the end of the day of a moment."""
    ends = pl.lit(moments).dt.truncate("1d") + DAY
    days = (ends - pl.col("listed_at")).dt.total_seconds() / 86_400
    passed = listings.select((days + pl.col("phase")) / pl.col("pace")).to_series()
    numbers: Whole = passed.to_numpy().astype(np.int64)
    return numbers


def acted(
    who: pl.DataFrame, listings: pl.DataFrame, times: pl.Series, action: str, versions: Whole
) -> pl.DataFrame:
    """Deeds of people in `who` on the listings of a catalogue, one an event."""
    number, host = listings["number"].to_numpy(), listings["host"].to_numpy()
    return stamped(
        who, times, listing_id=listings["listing_id"], action=action,
        publisher_name=listings["publisher_name"], title_hash=listings["title_hash"],
        config_hash=hashed(number * 100_000 + versions, "g"),
        action_domain=hosts(host + versions // MOVES).set(~listings["calls_out"], None),
    )  # fmt: skip


def bought(
    rng: Generator, buyers: pl.DataFrame, created: pl.DataFrame, until: datetime, *, mean: float
) -> pl.DataFrame:
    """Installs of listings after their creation, and ratings; on average `mean` a listing."""
    of = np.repeat(np.arange(created.height), rng.poisson(mean, created.height))
    since = created["occurred_at"].gather(of)
    room = (until - since).dt.total_seconds().to_numpy()
    chosen = pl.concat(
        [buyers[rng.integers(0, buyers.height, len(of))], created[of].select(SHOWN)],
        how="horizontal",
    )
    installs = stamped(
        chosen, after(since, rng.beta(1.2, 2.0, len(of)) * room), action="install",
        **{name: pl.col(name) for name in SHOWN},
    )  # fmt: skip
    rated = ratings(rng, installs, RATED).filter(pl.col("occurred_at") < until)
    return pl.concat([installs, rated], how="diagonal")


def ratings(
    rng: Generator, installs: pl.DataFrame, share: float, *, wait: float = 2_400
) -> pl.DataFrame:
    """Stars from a share of those who installed, after usually `wait` seconds; many give five."""
    rated = installs.filter(pl.Series(rng.random(installs.height) < share))
    waits = lognormal(rng, rated.height, median=wait, spread=1.2)
    return rated.with_columns(
        after(rated["occurred_at"], waits),
        action=pl.lit("rate"),
        rating=pl.Series(STARS).gather(rng.choice(5, rated.height, p=STAR_SHARES)),
        config_hash=pl.lit(None, pl.String),
        action_domain=pl.lit(None, pl.String),
    )


def opened(people: pl.DataFrame) -> Tables:
    """Sign-ups of people who are not in `World.people`, and their first sign-in right after."""
    more = ("email_domain", "email_hash", "phone_hash")
    since = people["created_at"]
    return {
        ("accounts", "signups"): stamped(people, since, **{name: pl.col(name) for name in more}),
        ("accounts", "logins"): stamped(
            people, since + timedelta(seconds=40),
            succeeded=True, method="password", mfa=False, new_device=True,
        ),
    }  # fmt: skip


def _published(rng: Generator, shelf: pl.DataFrame, day: datetime) -> pl.DataFrame:
    """Listings created, changed or removed in a day by their publishers."""
    new = shelf.filter(pl.col("listed_at") >= day, pl.col("listed_at") < day + DAY)
    old = shelf.filter(pl.col("listed_at") < day)
    now = version(old, day)
    changes = old.filter(pl.Series(now > version(old, day - DAY)))
    gone = old.filter(pl.Series(rng.random(old.height) < 0.0004))
    parts = []
    for rows, action in ((new, "create"), (changes, "change"), (gone, "remove")):
        times = new["listed_at"] if action == "create" else visits(
            rng, day, np.arange(rows.height), rows["offset"].to_numpy()
        )  # fmt: skip
        parts.append(acted(rows, rows, times, action, version(rows, day)))
    made = pl.concat(parts)
    return made.with_columns(score_policy=scores(rng, np.zeros(made.height), odd=0.01))
