"""An agency has a model write comments in the names of people who do not exist.

Loud: a dozen accounts make a few thousand within a working day. Slow: as many make some twenty a
day. Evasive: over a hundred accounts in many countries make three a day in several languages,
each quoting another post; all of them work the office hours of one city, some share a means of
payment, and the instruction is always much the same.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from orchestration.world import texts
from orchestration.world.conversations import (
    acting,
    human_times,
    prompts,
    recruits,
    scored,
    small_talk,
)
from orchestration.world.draws import ids, poisson_rows
from orchestration.world.rhythm import OFFICE
from orchestration.world.world import Deeds, Plan, World, named


class Shape(NamedTuple):
    """How many, how fast and how alike."""

    accounts: int
    hours: float
    asked: float  # by each account
    families: int
    freedom: float
    payments: int  # instruments that the accounts share
    talks: float


SHAPES = {
    "loud": Shape(14, 10, 170, 1, 0.1, 2, 1),
    "slow": Shape(12, 150, 110, 3, 0.35, 3, 5),
    "evasive": Shape(115, 150, 17, 15, 0.75, 12, 10),
}
BOUGHT = 0.2
ZONES = (8.0, 3.0, 5.5, -5.0)  # of the agency, hours ahead of UTC


def run(world: World, plan: Plan) -> Deeds:
    """Prompts for comments in office hours, few of them refused."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    ends = plan.ends(hours=shape.hours)
    size = int(shape.accounts * rng.uniform(0.8, 1.2))
    staff, signups = recruits(rng, world, plan, size, ends, bought=BOUGHT)
    paid = ids(rng, shape.payments, "c").gather(rng.integers(0, shape.payments, signups.height))
    signups = signups.with_columns(
        payment_hash=paid.set(pl.Series(rng.random(len(paid)) < 0.4), None)
    )
    eager = shape.asked * rng.uniform(0.6, 1.4, staff.height)
    rows = staff[poisson_rows(rng, eager)]
    n = rows.height
    office = np.full(n, rng.choice(ZONES))
    words = texts.templated(rng, "comments", n, families=shape.families, freedom=shape.freedom)
    languages = rng.integers(0, 1 if plan.variant == "loud" else 5, n)
    quoted = texts.ordinary(rng, languages)
    text = words["text"] + ' Reply to: "' + quoted["text"] + '"'
    written = texts.worded(text, words["template_hash"]).with_columns(language=quoted["language"])
    asked = prompts(
        rng, rows,
        human_times(rng, office, acting(plan, ends), ends, profile=OFFICE),
        written, refused=pl.Series(rng.random(n) < 0.02),
        raised={"score_harassment": scored(rng, n, 0.8, 9), "score_scam": scored(rng, n, 0.9, 8)},
    )  # fmt: skip
    return Deeds(
        {
            ("chat", "prompts"): pl.concat(
                [asked, small_talk(rng, staff, plan, ends, each=shape.talks)]
            ),
            ("accounts", "signups"): signups,
        },
        pl.concat(
            [
                named(
                    asked["account_id"], account_id=asked["account_id"],
                    device_id=asked["device_id"], template_hash=asked["template_hash"],
                    text_hash=asked["text_hash"],
                ),
                named(signups["account_id"], payment_hash=signups["payment_hash"]),
            ]
        ),
    )  # fmt: skip
