"""Agents break into other people's systems, mostly by themselves.

After the intrusion reported in November 2025 as GTG-1002: scanning, commands and collection by an
agent at a rate no person keeps. Loud: thousands of calls within hours, several a second, against
dozens of targets. Slow: some calls a minute for hours every day. Evasive: the work is split over
many accounts and sessions that each look like an engineer's; the same few outside targets and the
commands that nobody approved recur among them.
"""

import numpy as np
import polars as pl

from orchestration.world.draws import ids, lognormal
from orchestration.world.traffic import agents, images
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # accounts, sessions each, calls a session, targets, hours, seconds between calls
    "loud": (3, 3, 700, 34, 6, 0.5),
    "slow": (5, 6, 150, 30, 150, 14.0),
    "evasive": (38, 3, 16, 8, 130, 9.0),
}
MIX = np.array([0.05, 0.05, 0.03, 0.0, 0.65, 0.22])  # of agents.ACTIONS


def run(world: World, plan: Plan) -> Deeds:
    """Sessions of commands against systems outside, and ordinary sessions besides."""
    rng = plan.rng
    size = int(SHAPES[plan.variant][0] * rng.uniform(0.85, 1.3))
    users = agents.users(world).filter(pl.col("created_at") < plan.start)
    people = users[rng.permutation(users.height)[:size]]
    attacks = _attacks(plan, people)
    also = somewhere(rng, people[rng.integers(0, people.height, people.height * 2)])
    zones = also["offset"].to_numpy()
    begins = images.at_hours(rng, zones, plan.start, plan.until, hours=(8, 22))
    calm = agents.calls(rng, also, begins, plan.until)
    account = attacks["account_id"]
    return Deeds(
        {("agents", "tool_calls"): pl.concat([attacks, calm])},
        named(
            account, account_id=account, session_id=attacks["session_id"],
            device_id=attacks["device_id"],
            target=attacks.select(pl.when("target_is_external").then("target")).to_series(),
        ),
    )  # fmt: skip


def _attacks(plan: Plan, people: pl.DataFrame) -> pl.DataFrame:
    """Calls of the sessions in which each account attacks."""
    rng = plan.rng
    _, each, calls, targets, hours, pause = SHAPES[plan.variant]
    n = people.height * each
    who = somewhere(rng, people[np.arange(n) % people.height])
    zones = who["offset"].to_numpy()
    begins = images.at_hours(rng, zones, plan.start, plan.ends(hours=hours), hours=(8, 2))
    lengths = np.maximum(lognormal(rng, n, median=calls, spread=0.35), 3).astype(np.int64)
    total = int(lengths.sum())
    gaps = lognormal(rng, total, median=pause, spread=0.9)
    of, at = images.runs(begins, lengths, gaps, plan.until)
    action = rng.choice(6, total, p=MIX)
    inside = (action == agents.READ) | (action == agents.WRITE)
    own = images.hashed(who["org"].to_numpy()[of] * 3_000 + rng.integers(0, 40, total), "t")
    systems = agents.hosts(rng.integers(1_200, 60_000, targets))
    # A session works on few targets, whatever the campaign has.
    near = (rng.integers(0, targets, n)[of] + rng.integers(0, 1 + targets // 8, total)) % targets
    hidden = pl.Series(rng.random(total) < 0.15)
    attacks = stamped(
        who[of], at, session_id=ids(rng, n, "s").gather(of), **agents.deeds(rng, action),
        target=pl.when(pl.lit(pl.Series(inside))).then(pl.lit(own))
        .otherwise(pl.lit(systems.gather(near).set(hidden, None))),
        target_is_external=pl.Series(~inside).set(hidden, None),
        source_is_untrusted=pl.Series(rng.random(total) < 0.3),
        approved_by_human=pl.Series(rng.random(total) < 0.9)
        .set(pl.Series(rng.random(total) < 0.96), None),
    )  # fmt: skip
    works = pl.Series(rng.random(total) < 0.72)
    return agents.obeyed(attacks.with_columns(succeeded=works))
