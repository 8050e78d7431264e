"""Somebody else's connector tokens are used to copy an organisation's documents.

Loud: a few tokens read thousands of documents in a night. Slow: some hundred a night for several
nights. Evasive: dozens of tokens read no more than a busy colleague, each a part of the documents
of its own; but they do it at night, from few rented servers with one client.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import ids, lognormal, pick
from orchestration.world.traffic import agents, images
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # accounts, sessions each, documents a session, servers, hours, seconds between calls
    "loud": (3, 2, 1_100, 2, 24, 1.2),
    "slow": (6, 5, 130, 6, 150, 9.0),
    "evasive": (34, 3, 17, 7, 150, 22.0),
}


def run(world: World, plan: Plan) -> Deeds:
    """Reads with the tokens of accounts whose owners know nothing of it."""
    rng = plan.rng
    accounts, each, _, servers, _, _ = SHAPES[plan.variant]
    users = agents.users(world).filter(pl.col("created_at") < plan.start)
    size = int(accounts * rng.uniform(0.85, 1.3))
    people = users[rng.permutation(users.height)[:size]]
    n = people.height * each
    owner = np.arange(n) % people.height
    places = network.hosting(rng, servers, networks=3)
    who = people[owner].with_columns(
        **places[rng.integers(0, servers, n)].to_dict(),
        user_agent=pl.lit(pick(rng, network.SCRIPTS, 1)[0]),
        device_id=pl.lit(None, pl.String),
        shelf=pl.Series(owner * 83 + rng.integers(0, 3_000)),
    )
    reads = _reads(plan, who)
    account = reads["account_id"]
    return Deeds(
        {("agents", "tool_calls"): reads},
        named(account, account_id=account, session_id=reads["session_id"], ip=reads["ip"]),
    )


def _reads(plan: Plan, who: pl.DataFrame) -> pl.DataFrame:
    """Reads of one session per row of `who`, each from its own shelf on, one after the other."""
    rng, n = plan.rng, who.height
    _, _, documents, _, hours, pause = SHAPES[plan.variant]
    zones = who["offset"].to_numpy()
    begins = images.at_hours(rng, zones, plan.start, plan.ends(hours=hours), hours=(0, 6))
    lengths = np.maximum(lognormal(rng, n, median=documents, spread=0.3), 4).astype(np.int64)
    total = int(lengths.sum())
    of, at = images.runs(
        begins, lengths, lognormal(rng, total, median=pause, spread=0.5), plan.until
    )
    document = (who["shelf"].to_numpy()[of] + np.arange(total)) % 3_000
    deeds = agents.deeds(rng, np.full(total, agents.READ))
    tools = np.where(rng.random(total) < 0.06, "drive.search", "files.read")
    return stamped(
        who[of], at, session_id=ids(rng, n, "s").gather(of), **{**deeds, "tool": pl.Series(tools)},
        target=images.hashed(who["org"].to_numpy()[of] * 3_000 + document, "t"),
        target_is_external=False,
        source_is_untrusted=pl.Series(rng.random(total) < 0.02),
        approved_by_human=pl.lit(None, pl.Boolean),
    )  # fmt: skip
