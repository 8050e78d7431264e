"""An application that calls the API is driven to call it far more, until its owner cannot pay.

The calls come from the victims' own servers and keys, so only their sums are odd. Loud: two end
users start loops of tools that cost a hundred times the usual for hours. Slow: a few make it five
times the usual for days. Evasive: dozens of end users together make it two and a half times the
usual for days, at the hours when the application is busy anyway, each asking a little.
"""

import numpy as np
import polars as pl

from orchestration.world.campaigns._parts import daily, gathered
from orchestration.world.draws import ids
from orchestration.world.rhythm import FLAT, HUMAN, after
from orchestration.world.traffic._keys import BACKEND, keys
from orchestration.world.traffic.api import requests, templates
from orchestration.world.world import Deeds, Plan, World, named

SHAPES = {  # victims, calls by the usual number, tokens by the usual, hours, end users, loop
    "loud": (5, 12.0, 10.0, 5, 2, 25),
    "slow": (5, 0.8, 6.0, 150, 5, 10),
    "evasive": (6, 0.9, 1.8, 130, 40, 3),
}
SMALL, LARGE = 60.0, 2_500.0  # calls a day of applications worth an attack
MOST = 4_000


def run(world: World, plan: Plan) -> Deeds:
    """Loops of calls on top of what the victims' own users cause."""
    rng = plan.rng
    count, more, size, hours, attackers, loop = SHAPES[plan.variant]
    able = keys(world, plan.start).filter("names", kind=BACKEND)
    fit = able.filter(pl.col("rate").is_between(SMALL, LARGE))
    fit = fit if fit.height else able
    victims = fit[rng.permutation(fit.height)[:count]]
    days = (plan.ends(hours=hours) - plan.start).total_seconds() / 86_400
    loops = victims["rate"].to_numpy() * more * days / loop * rng.uniform(0.8, 1.3, len(victims))
    of = np.repeat(np.arange(victims.height), 1 + rng.poisson(np.minimum(loops, MOST / loop)))
    offsets = victims["offset"].to_numpy()[of]
    profile = HUMAN if plan.variant == "evasive" else FLAT
    begins = daily(rng, plan, offsets, hours=hours, profile=profile)
    each = np.repeat(np.arange(len(of)), loop)
    step = np.tile(np.arange(loop), len(of))
    rows = of[each]
    growth = size * (0.5 + step / max(loop - 1, 1))  # every turn carries what came before
    users = ids(rng, victims.height * attackers, "n")
    user = (of * attackers + rng.integers(0, attackers, len(of)))[each]
    callers = victims[rows].with_columns(
        asks=pl.col("asks") * pl.Series(growth), answers=pl.col("answers") * size
    )
    calls = requests(
        rng,
        callers,
        after(begins.gather(each), step * rng.uniform(3, 9, len(of))[each]),
        template_hash=templates(world, rng, victims, rows),
        end_user_id=users.gather(user),
    )
    events = gathered(plan, {("api", "api_requests"): calls})
    driven = events["api", "api_requests"]
    return Deeds(
        events,
        named(
            driven["key_id"],
            key_id=driven["key_id"],
            account_id=driven["account_id"],
            end_user_id=driven["end_user_id"],
        ),
    )
