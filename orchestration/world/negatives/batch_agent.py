"""An honest agent that goes through thousands of its own organisation's documents every night."""

from datetime import timedelta

import numpy as np
import polars as pl

from orchestration.world.draws import ids
from orchestration.world.rhythm import at
from orchestration.world.traffic import agents, images
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped

DOCUMENTS = 2_400


def run(world: World, plan: Plan) -> Deeds:
    """Reads and a few writes of one job a night, from an hour on that it always keeps."""
    rng = plan.rng
    users = agents.users(world).filter(pl.col("created_at") < plan.start)
    one = users[rng.permutation(users.height)[:1]]
    midnight = plan.start.replace(hour=0, minute=0, second=0, microsecond=0)
    hour = (25.5 - float(one["offset"][0])) % 24
    nights = [
        night for d in range(8)
        if plan.start <= (night := midnight + d * DAY + timedelta(hours=hour))
        < plan.until - timedelta(hours=2)
    ] or [plan.start]  # fmt: skip
    n = len(nights)
    lengths = (DOCUMENTS * rng.uniform(0.95, 1.05, n)).astype(np.int64)
    begins = pl.concat([at(night, np.zeros(1)) for night in nights])
    total = int(lengths.sum())
    of, times = images.runs(begins, lengths, rng.uniform(1.6, 2.2, total), plan.until)
    action = np.where(rng.random(total) < 0.85, agents.READ, agents.WRITE)
    step = np.arange(total) - (np.cumsum(lengths) - lengths)[of]
    own = images.hashed(9 * 10**9 + step, "t")  # an archive that nobody else reads
    calls = stamped(
        one[np.zeros(total, dtype=np.int64)], times, session_id=ids(rng, n, "s").gather(of),
        **agents.deeds(rng, action), target=own, target_is_external=False,
        source_is_untrusted=False,
    )  # fmt: skip
    account = calls["account_id"]
    return Deeds(
        {("agents", "tool_calls"): calls},
        named(account, account_id=account, session_id=calls["session_id"]),
    )
