"""Honest traffic of `live`: calls with friends, some broadcasts, and reports about both."""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, Whole, ids, lognormal, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, after, visits
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.traffic.images import at_hours, runs, scores
from orchestration.world.world import DAY, Plan, Tables, World, stamped

SESSIONS = 0.5  # a day and person of usual activity
BROADCASTS = 0.12  # of sessions
FRIENDS = 7
STRANGERS = 0.06  # of calls are with somebody new
BUSY = 0.05  # of calls are with teachers, traders and others whom many call
HEATED = 0.03  # of sessions: games, quarrels
FAMILIES = 0.02  # of accounts: children share the device of a parent
LONGEST = 240  # minutes
REASONS = ["harassment", "spam", "nudity", "other"]
REASON_SHARES = np.array([45, 20, 10, 25], dtype=float)


def traffic(world: World, day: datetime) -> Tables:
    """Minutes of the sessions of one day, and the reports that people file in them."""
    rng = world.draws("live", day)
    everybody = users(world)
    people = everybody.filter(pl.col("created_at") < day + DAY)
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()] * SESSIONS
    rows = poisson_rows(rng, np.minimum(pace, 10))
    starts = visits(rng, day, rows, people["offset"].to_numpy()[rows])
    peers = _peers(rng, world, people, rows)
    minutes = talks(rng, somewhere(rng, people[rows]), starts, day + DAY, peers=peers)
    return {
        ("live", "live_sessions"): minutes,
        ("live", "user_reports"): reports(rng, minutes, people),
    }


def users(world: World) -> pl.DataFrame:
    """Everybody who ever goes live; `family`: children use the account, too."""
    family = pl.Series("family", world.draws("live", "habits").random(world.people.height))
    return world.people.with_columns(family < FAMILIES).filter("live")


def talks(
    rng: Generator, who: pl.DataFrame, starts: pl.Series, until: datetime, *, peers: pl.Series,
    lengths: Whole | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Minutes of one honest session per row of `who`; a null peer makes it a broadcast."""
    n = who.height
    if lengths is None:
        lengths = np.minimum(lognormal(rng, n, median=7, spread=1.0), LONGEST).astype(np.int64) + 1
    of, at = runs(starts, lengths, np.full(int(lengths.sum()), 60.0), until)
    session = pl.DataFrame({"session_id": ids(rng, n, "s"), "peer_id": peers})[of]
    alone = session["peer_id"].is_null()
    crowd = np.minimum(lognormal(rng, n, median=14, spread=1.6), 30_000)[of]
    viewers = (crowd * rng.uniform(0.8, 1.25, len(of))).astype(np.int64)
    heated = rng.random(n) < HEATED
    rate = np.where(heated, 0.004, 0.0002)[of] * np.where(alone.to_numpy(), viewers, 3)
    young = who.get_column("family", default=pl.Series([False]).new_from_index(0, n)).to_numpy()
    unscored = pl.Series(rng.random(len(of)) < 0.01)
    return stamped(
        who[of], at, session_id=session["session_id"], peer_id=session["peer_id"],
        viewers=pl.when(alone).then(pl.lit(pl.Series(viewers))),
        reports=pl.Series(rng.poisson(np.minimum(rate, 3))).set(pl.Series(unscored), None),
        action=_actions(rng, of),
        score_harassment=scores(rng, np.where(heated, 0.3, 0.0)[of], odd=0.01).set(unscored, None),
        score_sexual=scores(rng, np.zeros(len(of)), odd=0.004).set(unscored, None),
        score_minor=scores(
            rng, np.where(young & (rng.random(n) < 0.5), 0.55, 0.0)[of], odd=0.008
        ).set(unscored, None),
    )  # fmt: skip


def besides(rng: Generator, world: World, people: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Calls of people of a campaign like everybody else's while it lasts."""
    who = somewhere(rng, people[rng.integers(0, people.height, people.height * 2)])
    begins = at_hours(rng, who["offset"].to_numpy(), plan.start, plan.until, hours=(8, 24))
    friends = world.some(rng, who.height, plan.start)["account_id"]
    peers = friends.gather(rng.integers(0, len(friends), who.height))
    return talks(rng, who, begins, plan.until, peers=peers)


def reports(rng: Generator, minutes: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The reports counted in minutes, one row each: first by the peer, then by viewers."""
    times = minutes["reports"].fill_null(0).to_numpy()
    of = np.repeat(np.arange(minutes.height), times)
    filed = minutes[of]
    viewers = people[rng.integers(0, people.height, len(of))]
    known = filed.select(account_id="peer_id").join(
        people.unique("account_id"), on="account_id", how="left", maintain_order="left"
    )
    own = ["account_id", "device_id", "ip", "asn", "country", "user_agent"]
    by_peer = known["device_id"].is_not_null() & filed["session_id"].is_first_distinct()
    who = viewers.select(
        pl.when(by_peer).then(pl.lit(known[name])).otherwise(name).alias(name) for name in own
    )
    reviewed, silent = pl.Series(rng.random(len(of)) < 0.5), pl.Series(rng.random(len(of)) < 0.15)
    return stamped(
        who, after(filed["occurred_at"], rng.uniform(1, 59, len(of))),
        target_id=filed["account_id"], item_id=filed["session_id"],
        reason=pick(rng, REASONS, len(of), REASON_SHARES).set(silent, None),
        dismissed=pl.when(reviewed).then(pl.lit(pl.Series(rng.random(len(of)) < 0.7))),
    )  # fmt: skip


def _actions(rng: Generator, of: Whole) -> pl.Series:
    """start, minutes (null or so named), rarely contact_move or block, end."""
    n = len(of)
    change = of[1:] != of[:-1]
    begins, ends = np.append(True, change)[:n], np.append(change, True)[:n]
    luck = rng.random(n)
    return pl.select(
        pl.when(pl.lit(pl.Series(begins))).then(pl.lit("start"))
        .when(pl.lit(pl.Series(ends))).then(pl.lit("end"))
        .when(pl.lit(pl.Series(luck < 0.002))).then(pl.lit("contact_move"))
        .when(pl.lit(pl.Series(luck > 0.9995))).then(pl.lit("block"))
        .otherwise(pl.lit("minute"))
    ).to_series()  # fmt: skip


def _peers(rng: Generator, world: World, people: pl.DataFrame, rows: Whole) -> pl.Series:
    """Mostly one of the few friends that a person always has; null for broadcasts."""
    n, old = len(rows), int((people["created_at"] < world.start).sum())
    friend = (rows * 7_919 + rng.integers(1, FRIENDS + 1, n) ** 2 * 104_729) % old
    chosen = np.where(rng.random(n) < STRANGERS, rng.integers(0, old, n), friend)
    desk = np.minimum(rng.pareto(1.1, n) * 3, old // 40).astype(np.int64) * 37
    chosen = np.where(rng.random(n) < BUSY, desk, chosen)
    return people["account_id"].gather(chosen).set(pl.Series(rng.random(n) < BROADCASTS), None)
