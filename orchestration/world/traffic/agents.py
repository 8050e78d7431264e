"""Honest traffic of `agents`: coding, research, office work, errands, and jobs of the night."""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, Whole, ids, lognormal, poisson_rows
from orchestration.world.rhythm import WORKDAY, at, visits
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.traffic.images import hashed, runs
from orchestration.world.world import DAY, Tables, World, stamped

SESSIONS = 0.55  # a day and person of usual activity
JOBS = 0.02  # of people have a job that runs every night by itself
COLLEAGUES = 12  # accounts of one organisation, on average
LONGEST = 300  # calls
ACTIONS = ["read", "write", "send", "pay", "execute", "browse"]
READ, WRITE, SEND, PAY, EXECUTE, BROWSE = range(6)
CODE, RESEARCH, OFFICE, ERRAND, JOB = range(5)
MIX = np.array([  # shares of ACTIONS, by what a session is for
    [42, 25, 1, 0, 27, 5],
    [20, 8, 2, 0, 2, 68],
    [50, 20, 20, 0, 3, 7],
    [10, 2, 12, 8, 0, 68],
    [72, 23, 2, 0, 3, 0],
], dtype=float)  # fmt: skip
TOOLS = [
    ["files.read", "drive.search", "mail.read"], ["files.write", "docs.edit", "tickets.update"],
    ["mail.send", "chat.post", "webhook.post"], ["checkout.pay", "checkout.pay", "invoice.pay"],
    ["shell.run", "python.run", "tests.run"], ["browser.open", "web.search", "http.get"],
]  # fmt: skip
ALL_TOOLS = pl.Series([tool for tools in TOOLS for tool in tools])
WORDS = ["alder", "amber", "atlas", "basil", "birch", "cedar", "cobalt", "coral", "delta", "ember",
         "fern", "flint", "garnet", "harbor", "hazel", "indigo", "jasper", "juniper", "lagoon",
         "linden", "maple", "meadow", "nimbus", "onyx", "opal", "orchid", "pebble", "quartz",
         "raven", "sable", "saffron", "sierra", "tundra", "willow"]  # fmt: skip


def traffic(world: World, day: datetime) -> Tables:
    """Calls of one day."""
    rng = world.draws("agents", day)
    people = users(world).filter(pl.col("created_at") < day + DAY)
    pace = people["activity"].to_numpy() * WORKDAY[day.weekday()] * SESSIONS
    rows = poisson_rows(rng, np.minimum(pace, 10))
    starts = visits(rng, day, rows, people["offset"].to_numpy()[rows])
    by_day = calls(rng, somewhere(rng, people[rows]), starts, day + DAY)
    jobs = people.filter("job")
    hours = (26 - jobs["offset"].to_numpy() + rng.random(jobs.height) * 0.2) % 24 * 3600
    at_night = calls(rng, jobs, at(day, hours), day + DAY, job=True)
    return {("agents", "tool_calls"): pl.concat([by_day, at_night])}


def users(world: World) -> pl.DataFrame:
    """Everybody who ever uses agents, with their organisation (`org`) and whether a `job` runs."""
    everybody = world.people.with_columns(
        job=pl.Series(world.draws("agents", "jobs").random(world.people.height) < JOBS)
    ).filter("agents")
    number = pl.int_range(pl.len())
    old = (pl.col("created_at") < world.start).sum()
    return everybody.with_columns(number=number, org=number * 7_919 % (old // COLLEAGUES + 1))


def calls(
    rng: Generator, who: pl.DataFrame, starts: pl.Series, until: datetime, *,
    sessions: pl.Series | None = None, job: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """Calls of one honest agent session per row of `users`."""
    n = who.height
    if job:
        lengths, kinds = rng.integers(60, 400, n), np.full(n, JOB)
    else:
        lengths = np.minimum(lognormal(rng, n, median=8, spread=0.9), LONGEST).astype(np.int64) + 1
        kinds = rng.choice(4, n, p=[0.4, 0.25, 0.25, 0.1])
    total = int(lengths.sum())
    pause = rng.uniform(1.5, 4, total) if job else lognormal(rng, total, median=6, spread=1.1)
    of, times = runs(starts, lengths, pause, until)
    cut = np.cumsum(MIX / MIX.sum(axis=1, keepdims=True), axis=1)[kinds[of]]
    action = np.minimum((rng.random(total)[:, None] > cut).sum(axis=1), 5)
    outside = _outside(rng, action)
    return obeyed(stamped(
        who[of], times,
        session_id=(ids(rng, n, "s") if sessions is None else sessions).gather(of),
        **deeds(rng, action),
        target=_targets(rng, who[of], action, outside),
        target_is_external=pl.Series(outside).set(pl.Series(action == EXECUTE), None),
        source_is_untrusted=_tainted(rng, of, lengths, action),
        approved_by_human=_approved(rng, action, outside, never=job),
    ))  # fmt: skip


def obeyed(calls: pl.DataFrame) -> pl.DataFrame:
    """Calls, of which those that a person refused did not succeed."""
    return calls.with_columns(
        pl.col("succeeded") & pl.col("approved_by_human").fill_null(value=True)
    )


def deeds(rng: Generator, action: Whole) -> dict[str, pl.Series]:
    """Tool, name, success, size and cost of calls by the number of their action in ACTIONS."""
    n = len(action)
    leaves = (action == SEND) | (action == BROWSE) | (action == PAY)
    sent = lognormal(rng, n, median=1, spread=1.2) * np.where(action == SEND, 6_000, 700)
    return {
        "tool": ALL_TOOLS.gather(action * 3 + rng.integers(0, 3, n)),
        "action": pl.Series(ACTIONS).gather(action).set(pl.Series(rng.random(n) < 0.01), None),
        "succeeded": pl.Series(rng.random(n) > np.where(action == EXECUTE, 0.14, 0.04)),
        "bytes_out": pl.Series(sent.astype(np.int64)).set(pl.Series(~leaves), None),
        "cost_usd": pl.Series(np.round(lognormal(rng, n, median=0.004, spread=1.0), 5)),
    }


def hosts(numbers: Whole) -> pl.Series:
    """Names of sites by number; low numbers are the known ones."""
    words = len(WORDS)
    parts = pl.DataFrame(
        {
            "a": pl.Series(WORDS).gather(numbers % words),
            "b": pl.Series(WORDS).gather(numbers // words % words),
            "n": pl.Series(numbers // words**2).cast(pl.String).replace({"0": ""}),
        }
    )
    return parts.select(host=pl.concat_str("a", pl.lit("-"), "b", "n", pl.lit(".example")))["host"]


def _outside(rng: Generator, action: Whole) -> np.ndarray:
    """Whether the target lies outside the organisation."""
    share = np.array([0.0, 0.0, 0.18, 1.0, 0.0, 0.97])[action]
    return rng.random(len(action)) < share


def _targets(rng: Generator, who: pl.DataFrame, action: Whole, outside: np.ndarray) -> pl.Series:
    """Documents and people of one's organisation, one's own contacts, sites; some always new."""
    n = len(action)
    rank = np.minimum(rng.pareto(0.9, n) * 12, 200_000).astype(np.int64)
    org, own = who["org"].to_numpy(), who["number"].to_numpy()
    inside = hashed(org * 3_000 + rank % 3_000, "t")
    contact = rng.integers(0, 9, n) + np.where(rng.random(n) < 0.08, rng.integers(9, 9_000, n), 0)
    people = hashed(5_000_000_000 + own * 10_000 + contact, "t")
    site = pl.lit(pl.Series((action == BROWSE) | (action == PAY)))
    return pl.select(
        pl.when(pl.lit(pl.Series((action == EXECUTE) & (rng.random(n) < 0.7)))).then(None)
        .when(pl.lit(pl.Series(outside)) & site).then(hosts(rank))
        .when(pl.lit(pl.Series(outside))).then(people)
        .otherwise(inside)
    ).to_series()  # fmt: skip


def _tainted(rng: Generator, of: Whole, lengths: Whole, action: Whole) -> pl.Series:
    """Whether content from outside came before in the session, and still is in view."""
    browsed = np.cumsum(action == BROWSE)
    first = np.cumsum(lengths) - lengths
    before = browsed - (action == BROWSE) - (browsed[first] - (action[first] == BROWSE))[of]
    luck = rng.random(len(of))
    return pl.Series((before > 0) & (luck < 0.7)).set(pl.Series(luck > 0.96), None)


def _approved(rng: Generator, action: Whole, outside: np.ndarray, *, never: bool) -> pl.Series:
    """Most of what leaves or pays is asked about; some people let their agents alone."""
    asked = np.array([0.0, 0.25, 0.5, 0.98, 0.45, 0.0])[action] + 0.35 * (
        outside & (action == SEND)
    )
    luck = rng.random(len(action))
    return pl.Series(luck > 0.03).set(pl.Series((rng.random(len(action)) > asked) | never), None)
