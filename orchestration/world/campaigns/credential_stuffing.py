"""Passwords stolen elsewhere are tried on many accounts; a few fit.

Loud: a handful of servers try hundreds of accounts each within hours. Slow: a botnet of homes tries
a few dozen accounts per address over days. Evasive: every address tries three or four accounts a
day, but the tool behind all of them names one client and comes with few devices.
"""

import polars as pl

from orchestration.world import network
from orchestration.world.draws import ids, pick
from orchestration.world.rhythm import spread
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # addresses, tries per address, hours, share that fits
    "loud": (6, 350, 5, 0.02),
    "slow": (40, 40, 96, 0.02),
    "evasive": (220, 7, 60, 0.03),
}


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins that mostly fail, on accounts that mostly do not exist here."""
    rng = plan.rng
    addresses, tries, hours, fits = SHAPES[plan.variant]
    n = int(addresses * tries * rng.uniform(0.85, 1.15))
    loud = plan.variant == "loud"
    places = (
        network.hosting(rng, addresses, networks=2) if loud else network.anywhere(rng, addresses)
    )
    victims = world.some(rng, max(60, n // 3), plan.start)
    rows = victims[rng.integers(0, victims.height, n)]
    unknown = pl.Series(rng.random(n) < 0.55)
    lucky = pl.Series(rng.random(n) < fits) & ~unknown
    client = pick(rng, network.SCRIPTS if loud else network.BROWSERS, 1)[0]
    devices = ids(rng, 3, "d")
    where = places[rng.integers(0, addresses, n)]
    failure = pl.when(lucky).then(None).when(unknown).then(pl.lit("unknown_account"))
    logins = stamped(
        rows.with_columns(**where.to_dict()),
        spread(rng, n, plan.start, plan.ends(hours=hours)),
        account_id=pl.when(unknown).then(None).otherwise("account_id"),
        device_id=devices.gather(rng.integers(0, 3, n)),
        user_agent=client,
        succeeded=lucky,
        method="password",
        failure=failure.otherwise(pl.lit("bad_password")),
        new_device=pl.when(lucky).then(pl.lit(value=True)),
    )
    return Deeds(
        {("accounts", "logins"): logins},
        pl.concat(
            [
                named(places["ip"], ip=places["ip"]),
                named(where["ip"], device_id=logins["device_id"]),
                named(where["ip"].filter(lucky), account_id=rows["account_id"].filter(lucky)),
            ]
        ),
    )
