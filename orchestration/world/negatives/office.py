"""A company's office: hundreds of colleagues behind one address, all signing in at nine."""

from datetime import timedelta

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.rhythm import OFFICE, moments
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped

COLLEAGUES = 160


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins of every working day from one address; a few forget their password."""
    rng = plan.rng
    staff = world.some(rng, COLLEAGUES, plan.start)
    place = network.anywhere(rng, 1)
    days = [plan.start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=d)
            for d in range((plan.until - plan.start) // DAY + 1)]  # fmt: skip
    parts = []
    for day in (d for d in days if d.weekday() < 5):
        n = int(staff.height * 0.9)
        rows = staff[rng.permutation(staff.height)[:n]].with_columns(
            **{name: pl.lit(place[name][0]) for name in place.columns}
        )
        at = moments(rng, day, np.full(n, 1.0), profile=OFFICE)
        fails = pl.Series(rng.random(n) < 0.06)
        parts.append(
            stamped(
                rows, at, succeeded=~fails, method="password", mfa=True,
                failure=pl.when(fails).then(pl.lit("bad_password")), new_device=False,
            ).filter(pl.col("occurred_at") >= plan.start, pl.col("occurred_at") < plan.until)
        )  # fmt: skip
    return Deeds(
        {("accounts", "logins"): pl.concat(parts)},
        named(staff["account_id"], account_id=staff["account_id"], ip=place["ip"][0]),
    )
