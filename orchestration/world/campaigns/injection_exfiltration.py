"""Instructions hidden in pages and mails make people's agents carry private data out.

Loud: one poisoned page is met by dozens of sessions within hours, and each sends a lot to one new
host. Slow: a few sessions a day, several hosts. Evasive: data leave in small pieces, inside page
addresses, between ordinary calls and minutes after the page; three new hosts recur over sessions
of accounts that have nothing else in common.
"""

import numpy as np
import polars as pl

from orchestration.world.draws import ids, lognormal
from orchestration.world.traffic import agents, images
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # sessions, hosts, hours, calls that leak, bytes of each, seconds between calls
    "loud": (42, 1, 9, 2, 240_000, 4),
    "slow": (30, 6, 150, 2, 60_000, 7),
    "evasive": (64, 3, 130, 4, 1_400, 70),
}


def run(world: World, plan: Plan) -> Deeds:
    """Sessions that begin like others, meet the page, read private things and send them out."""
    rng = plan.rng
    count, _, hours, *_ = SHAPES[plan.variant]
    users = agents.users(world).filter(pl.col("created_at") < plan.start)
    n = int(count * rng.uniform(0.8, 1.25))
    who = somewhere(rng, users[rng.integers(0, users.height, n)])
    who = who.with_columns(session_id=ids(rng, n, "s"))
    begins = images.at_hours(
        rng, who["offset"].to_numpy(), plan.start, plan.ends(hours=hours), hours=(8, 20)
    )
    honest = agents.calls(rng, who, begins, plan.until, sessions=who["session_id"])
    injected = _injected(plan, who, begins)
    session = injected["session_id"]
    left = injected["target_is_external"] & injected["source_is_untrusted"].fill_null(value=True)
    return Deeds(
        {("agents", "tool_calls"): pl.concat([honest, injected])},
        named(
            session, session_id=session, account_id=injected["account_id"],
            target=injected["target"].set(~left, None),
        ),
    )  # fmt: skip


def _injected(plan: Plan, who: pl.DataFrame, begins: pl.Series) -> pl.DataFrame:
    """The page, private reads and what leaves, one session per row of `who`."""
    rng, n = plan.rng, who.height
    _, hosts, _, leaks, size, pause = SHAPES[plan.variant]
    reads = 1 + rng.poisson(2.5, n)
    lengths = 2 + reads + rng.poisson(leaks - 1, n)
    total = int(lengths.sum())
    gaps = lognormal(rng, total, median=pause, spread=0.8)
    of, at = images.runs(begins, lengths, gaps, plan.until)
    step = np.arange(total) - (np.cumsum(lengths) - lengths)[of]
    page, out = step == 0, step > reads[of]
    way = np.where(rng.random(total) < 0.6, agents.BROWSE, agents.SEND)
    action = np.where(page, agents.BROWSE, np.where(out, way, agents.READ))
    host = rng.integers(0, hosts, n)[of]
    new = agents.hosts(rng.integers(1_200, 60_000, hosts)).gather(host)
    known = agents.hosts(rng.integers(0, 4_000, hosts)).gather(host)
    private = images.hashed(who["org"].to_numpy()[of] * 3_000 + rng.integers(0, 600, total), "t")
    carried = pl.Series(lognormal(rng, total, median=size, spread=0.6).astype(np.int64))
    leaves, first = pl.lit(pl.Series(out)), pl.lit(pl.Series(page))
    asked = pl.Series(out & (rng.random(total) < 0.2))
    calls = stamped(
        who[of], at, session_id=pl.col("session_id"), **agents.deeds(rng, action),
        target=pl.when(leaves).then(pl.lit(new)).when(first).then(pl.lit(known))
        .otherwise(pl.lit(private)),
        target_is_external=pl.Series(out | page),
        source_is_untrusted=pl.Series(~page).set(
            pl.Series(~page & (rng.random(total) < 0.04)), None
        ),
        approved_by_human=pl.Series(np.zeros(total, dtype=bool)).set(~asked, None),
    )  # fmt: skip
    sent = pl.when(leaves).then(pl.lit(carried)).otherwise("bytes_out")
    return agents.obeyed(calls.with_columns(bytes_out=sent))
