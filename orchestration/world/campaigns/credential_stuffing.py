"""Passwords stolen elsewhere are tried on many accounts; a few fit.

Loud: a handful of servers try hundreds of accounts each within hours. Slow: a botnet of homes tries
a few dozen accounts per address over days. Evasive: every address tries three or four accounts a
day, but the tool behind all of them names one client and comes with few devices.
"""

import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import placed, seen, within
from orchestration.world.draws import Generator, ids, pick
from orchestration.world.rhythm import after, spread
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # addresses, tries per address, hours, share that fits, devices
    "loud": (6, 350, 5, 0.02, 0),
    "slow": (40, 40, 96, 0.02, 40),
    "evasive": (220, 7, 60, 0.03, 4),
}
UNKNOWN, SECOND_FACTOR, LOCKED = 0.55, 0.35, 0.04


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins that mostly fail, on accounts that mostly do not exist here."""
    rng = plan.rng
    addresses, tries, hours, fits, _ = SHAPES[plan.variant]
    n = int(addresses * tries * rng.uniform(0.7, 1.3))
    loud = plan.variant == "loud"
    homes = (
        network.hosting(rng, addresses, networks=2) if loud else network.anywhere(rng, addresses)
    )
    chosen = pl.Series(rng.integers(0, addresses, n))
    victims = world.some(rng, max(60, n // 3), plan.start)
    rows = placed(victims[rng.integers(0, victims.height, n)], homes[chosen])
    times = spread(rng, n, plan.start, plan.ends(hours=hours * rng.uniform(0.7, 1.2)))
    tried = _outcomes(rng, rows, times, fits).with_columns(_clients(rng, plan, chosen))
    lucky = tried.filter("succeeded")
    again = lucky.with_columns(  # somebody looks what the account is worth
        after(lucky["occurred_at"], 600 + rng.exponential(7_200, lucky.height)), new_device=False
    )
    kept = within(plan, {("accounts", "logins"): pl.concat([tried, again])})
    tools = named(tried["ip"], ip=tried["ip"], device_id=tried["device_id"])
    entered = named(lucky["ip"], account_id=lucky["account_id"])
    return Deeds(kept, seen(kept, pl.concat([tools, entered])))


def _outcomes(rng: Generator, rows: pl.DataFrame, times: pl.Series, fits: float) -> pl.DataFrame:
    n = rows.height
    unknown = pl.Series(rng.random(n) < UNKNOWN)
    right = pl.Series(rng.random(n) < fits) & ~unknown
    asked = right & pl.Series(rng.random(n) < SECOND_FACTOR)
    lucky = right & ~asked
    why = pl.when(lucky).then(None).when(unknown).then(pl.lit("unknown_account"))
    why = why.when(asked).then(pl.lit("mfa"))
    why = why.when(pl.Series(rng.random(n) < LOCKED)).then(pl.lit("blocked"))
    return stamped(
        rows, times, account_id=pl.when(unknown).then(None).otherwise("account_id"),
        succeeded=lucky, method="password", failure=why.otherwise(pl.lit("bad_password")),
        mfa=pl.when(lucky | asked).then(pl.lit(value=False)),
        new_device=pl.when(lucky).then(pl.lit(value=True)),
    )  # fmt: skip


def _clients(rng: Generator, plan: Plan, address: pl.Series) -> list[pl.Series]:
    """The software at each address and its device; plain scripts show none."""
    count, devices = SHAPES[plan.variant][0], SHAPES[plan.variant][4]
    n = len(address)
    one = pick(rng, network.SCRIPTS if plan.variant == "loud" else network.BROWSERS, 1)
    many = network.browsers(rng, count).gather(address)
    agent = many if plan.variant == "slow" else one.gather([0] * n)
    if not devices:
        return [pl.Series("device_id", [None] * n, dtype=pl.String), agent.alias("user_agent")]
    tools = ids(rng, devices, "d").gather(address % devices)
    return [tools.alias("device_id"), agent.alias("user_agent")]
