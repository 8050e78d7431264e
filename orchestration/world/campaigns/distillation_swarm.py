"""Many accounts each ask a little of what together trains a rival's model.

Loud: scores of accounts from one network send the same three templates for hours and take long
answers. Slow: the same for days, from three networks. Evasive: the task is worded in twenty ways
and comes from homes, at human hours; but the accounts pay with a handful of cards, and every
wording is used by a dozen of them.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import daily, gathered, opened, programs, settling_in
from orchestration.world.draws import ids
from orchestration.world.rhythm import FLAT, HUMAN
from orchestration.world.traffic.api import requests
from orchestration.world.world import Deeds, Plan, World, named

SHAPES = {  # accounts, calls of each, hours, templates, cards
    "loud": (70, 60, 9, 3, 3),
    "slow": (55, 55, 150, 4, 5),
    "evasive": (160, 28, 140, 20, 9),
}
NETWORKS = {"loud": 1, "slow": 3}
OWN = 4  # wordings that one account uses
OTHER = 0.15  # of calls are about something else


def run(_world: World, plan: Plan) -> Deeds:
    """New accounts, what they ask for the rival, and a little else."""
    rng = plan.rng
    count, calls, hours, templates, cards = SHAPES[plan.variant]
    count = int(count * rng.uniform(0.8, 1.2))
    members = opened(rng, plan, count, hours=hours / 8, cards=cards)
    if plan.variant == "evasive":
        places, profile = network.anywhere(rng, count), HUMAN
    else:
        places, profile = network.hosting(rng, count, networks=NETWORKS[plan.variant]), FLAT
    members = members.with_columns(**places.to_dict())
    rows = np.repeat(np.arange(count), rng.poisson(calls * rng.uniform(0.6, 1.4, count)))
    students = programs(rng, members, models=(2, 3), answers=2400)[rows]
    times = daily(rng, plan, members["offset"].to_numpy()[rows], hours=hours, profile=profile)
    wording = (rows * 7 + rng.integers(0, min(OWN, templates), len(rows))) % templates
    asked = ids(rng, templates, "t").gather(wording)
    else_ = pl.Series(rng.random(len(rows)) < OTHER)
    harvest = requests(rng, students, times, template_hash=asked.set(else_, None)).filter(
        pl.Series(times > members["created_at"].gather(rows))
    )
    events = gathered(plan, settling_in(rng, plan, members), {("api", "api_requests"): harvest})
    used = events["api", "api_requests"]
    return Deeds(
        events,
        pl.concat(
            [
                named(
                    members["account_id"],
                    account_id=members["account_id"],
                    key_id=members["key_id"],
                    payment_hash=members["payment_hash"],
                    ip=members["ip"],
                    device_id=members["device_id"],
                ),
                named(used["account_id"], template_hash=used["template_hash"]),
            ]
        ),
    )
