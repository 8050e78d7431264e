"""A company's office: hundreds of colleagues behind one address, all signing in at nine.

Desks are shared, one company card pays for the starters, who come with the company's e-mail domain,
and on one morning the single sign-on is down for a while and fails for everybody.
"""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import placed, seen, signups, within
from orchestration.world.draws import Generator, ids, pick
from orchestration.world.people import newcomers
from orchestration.world.rhythm import OFFICE, after, moments, spread
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped

COLLEAGUES, STARTERS = 160, 9
DESKS = 12  # devices that anybody uses
FORGETFUL = 0.06
OUTAGE = timedelta(minutes=50)


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins of every working day from one address; a few forget their password."""
    rng = plan.rng
    near = world.some(rng, world.accounts, plan.start)
    country = str(near["country"].mode(maintain_order=True)[0])
    home = np.array([network.NAMES.index(country)])
    place = network.homes(rng, home)
    staff = near.filter(pl.col("country") == country).head(COLLEAGUES)
    staff = placed(staff, place[[0] * staff.height])
    opened = spread(rng, STARTERS, plan.start, plan.until)
    joined = newcomers(rng, opened, countries=home.repeat(STARTERS))
    joined = placed(joined, place[[0] * STARTERS])
    card = ids(rng, 1, "c")[0]
    domain = f"mail{rng.integers(50_000, 60_000)}.example"
    events = {
        ("accounts", "logins"): _mornings(rng, plan, staff),
        ("accounts", "signups"): signups(
            world, rng, joined, email_domain=domain, payment_hash=card
        ),
        ("accounts", "payments"): stamped(
            joined, after(opened, rng.uniform(60, 900, STARTERS)), amount_usd=30.0, succeeded=True,
            kind="charge", payment_hash=card, card_bin="448201",
        ),
    }  # fmt: skip
    people = pl.concat([staff["account_id"], joined["account_id"]])
    actors = named(
        people, account_id=people, ip=place["ip"][0], payment_hash=card, email_domain=domain
    )
    kept = within(plan, events)
    return Deeds(kept, seen(kept, actors))


def _mornings(rng: Generator, plan: Plan, staff: pl.DataFrame) -> pl.DataFrame:
    first = plan.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first + number * DAY for number in range((plan.until - first) // DAY + 1)]
    working = [day for day in days if day.weekday() < 5]
    desks = ids(rng, DESKS, "d")
    parts = [_morning(rng, day, staff, desks) for day in working]
    if not parts:
        return _morning(rng, first, staff.clear(), desks)
    down = working[rng.integers(0, len(working))] + timedelta(hours=rng.uniform(6, 18))
    return pl.concat(parts).with_columns(_outage(down))


def _morning(rng: Generator, day: datetime, staff: pl.DataFrame, desks: pl.Series) -> pl.DataFrame:
    """One sign-in of nearly everybody, after a wrong password or two for some."""
    here = staff.filter(pl.Series(rng.random(staff.height) < 0.9, dtype=pl.Boolean))
    n = here.height
    desk = pl.Series(rng.random(n) < 0.15, dtype=pl.Boolean)
    device = pl.when(desk).then(pick(rng, desks.to_list(), n)).otherwise("device_id")
    at = moments(rng, day, here["offset"].to_numpy(), profile=OFFICE)
    arrived = stamped(
        here, at, device_id=device, succeeded=True, method=pick(rng, ["sso", "password"], n),
        failure=pl.lit(None, pl.String), mfa=pl.lit(value=True), new_device=desk,
    )  # fmt: skip
    slips = rng.geometric(0.6, n) * (rng.random(n) < FORGETFUL)
    failed = arrived[np.repeat(np.arange(n), slips)].with_columns(
        pl.col("occurred_at") - pl.duration(seconds=20),
        method=pl.lit("password"),
        succeeded=pl.lit(value=False),
        failure=pl.lit("bad_password"),
        mfa=pl.lit(None, pl.Boolean),
    )
    return pl.concat([arrived, failed])


def _outage(down: datetime) -> list[pl.Expr]:
    """What the columns say while the single sign-on is down."""
    out = pl.col("occurred_at").is_between(down, down + OUTAGE) & (pl.col("method") == "sso")
    return [
        (pl.col("succeeded") & ~out).alias("succeeded"),
        pl.when(out).then(pl.lit("blocked")).otherwise("failure").alias("failure"),
    ]
