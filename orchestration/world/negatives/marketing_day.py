"""A marketing e-mail: people who were away for months sign in within hours, many by a new phone.

They mistype forgotten passwords, recover them, set up a second factor anew and some pay: step by
step what a thief would do, by thousands at once.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import seen, within
from orchestration.world.draws import Generator, ids, pick
from orchestration.world.people import BINS
from orchestration.world.rhythm import after, at
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named, stamped

READERS, MOST = 0.12, 3_000  # of the accounts, and no more than
NEW_PHONE, FORGOTTEN, PAYING = 0.4, 0.3, 0.05


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins, recovered passwords and purchases in the wake of one e-mail."""
    rng = plan.rng
    quiet = world.present(plan.start).sort("activity").head(world.accounts // 2)
    n = min(MOST, int(world.accounts * READERS * rng.uniform(0.8, 1.2)), quiet.height)
    who = somewhere(rng, quiet[rng.permutation(quiet.height)[:n]])
    fresh = pl.Series(rng.random(n) < NEW_PHONE)
    who = who.with_columns(
        device_id=pl.when(fresh).then(ids(rng, n, "d")).otherwise("device_id"),
        user_agent=pl.when(fresh).then(network.browsers(rng, n)).otherwise("user_agent"),
    )
    times = at(plan.start, 300 + rng.lognormal(8.9, 1.0, n))  # half within two hours
    forgot = rng.random(n) < FORGOTTEN
    slips = np.repeat(np.arange(n), forgot * rng.geometric(0.45, n))
    failed = stamped(
        who[slips], after(times[slips], -rng.uniform(20, 400, len(slips))), succeeded=False,
        method="password", failure="bad_password", new_device=fresh[slips],
    )  # fmt: skip
    arrived = stamped(
        who, times, succeeded=True, method=pick(rng, ["password", "oauth", "code"], n),
        mfa=pl.Series(rng.random(n) < 0.15), new_device=fresh,
    )  # fmt: skip
    reset = pl.Series(forgot).arg_true()
    mended = stamped(who[reset], after(times[reset], -rng.uniform(2, 15, len(reset))),
                     change="password", recovered=True)  # fmt: skip
    anew = (fresh & pl.Series(rng.random(n) < 0.25)).arg_true()
    changed = [
        stamped(who[anew], after(times[anew], rng.uniform(60, 1_800, len(anew))), change=change,
                recovered=False)
        for change in ("mfa_off", "mfa_on")
    ]  # fmt: skip
    events = {
        ("accounts", "logins"): pl.concat([failed, arrived], how="diagonal"),
        ("accounts", "account_changes"): pl.concat([mended, *changed]),
        ("accounts", "payments"): _payments(rng, who, times),
    }
    kept = within(plan, events)
    return Deeds(kept, seen(kept, named(who["account_id"], account_id=who["account_id"])))


def _payments(rng: Generator, who: pl.DataFrame, times: pl.Series) -> pl.DataFrame:
    """Offers taken up, some with a card that has expired since."""
    rows = pl.Series(rng.random(who.height) < PAYING).arg_true()
    n = len(rows)
    works = pl.Series(rng.random(n) < 0.88, dtype=pl.Boolean)
    return stamped(
        who[rows], after(times[rows], rng.exponential(1_200, n)), amount_usd=10.0, succeeded=works,
        decline=pl.when(~works).then(pl.lit("expired_card")), kind="charge",
        payment_hash=pl.col("payment_hash").fill_null(ids(rng, n, "c")),
        card_bin=pl.col("card_bin").fill_null(pick(rng, BINS, n)),
    )  # fmt: skip
