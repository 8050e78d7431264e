"""A translation agency: thousands of prompts from one template, in many languages, by day."""

import numpy as np
import polars as pl

from orchestration.world import network, texts
from orchestration.world.conversations import human_times, prompts
from orchestration.world.rhythm import OFFICE
from orchestration.world.world import DAY, Deeds, Plan, World, named

STAFF = 3
A_DAY = 700  # prompts of each


def run(world: World, plan: Plan) -> Deeds:
    """Prompts from one office in working hours; each holds another piece to translate."""
    rng = plan.rng
    staff = world.some(rng, STAFF, plan.start, "chat")
    office = network.anywhere(rng, 1)
    here = staff.with_columns(**{name: pl.lit(office[name][0]) for name in office.columns})
    days = (plan.until - plan.start) / DAY
    rows = here[rng.integers(0, here.height, rng.poisson(A_DAY * here.height * days))]
    n = rows.height
    task = texts.templated(rng, "translation", n, families=1, freedom=0)
    pieces = texts.ordinary(rng, rng.integers(0, len(texts.LANGUAGES), n))
    written = texts.worded(task["text"] + " " + pieces["text"], task["template_hash"])
    zone = np.full(n, here["offset"][0])
    events = prompts(
        rng, rows, human_times(rng, zone, plan.start, plan.until, profile=OFFICE),
        written.with_columns(language=pieces["language"]),
        refused=pl.Series(rng.random(n) < 0.004),
    )  # fmt: skip
    return Deeds(
        {("chat", "prompts"): events},
        named(
            events["account_id"], account_id=events["account_id"], device_id=events["device_id"],
            ip=events["ip"], template_hash=events["template_hash"],
        ),
    )  # fmt: skip
