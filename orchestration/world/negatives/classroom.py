"""A classroom: a course signs up within a quarter of an hour at one school and does one task.

All come from one address with the school's e-mail domain, invited by their teacher; a part of the
laptops look like one device. Then everybody asks the chat about the same exercise.
"""

from datetime import timedelta

import numpy as np
import polars as pl

from orchestration.world import network, texts
from orchestration.world.campaigns._recruits import (
    placed,
    seen,
    settling,
    signups,
    within,
)
from orchestration.world.conversations import prompts
from orchestration.world.draws import Generator, ids
from orchestration.world.people import newcomers
from orchestration.world.rhythm import after, spread
from orchestration.world.world import Deeds, Plan, World, named

SUBJECTS = [
    "photosynthesis",
    "the water cycle",
    "fractions",
    "the Roman republic",
    "plate tectonics",
]
TASK = ("{Explain|explain|Please explain} SUBJECT in {three|3|five|5|ten} "
        "{sentences|sentences.|easy sentences|points}")  # fmt: skip


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ups, sign-ins and prompts of one course."""
    rng = plan.rng
    n = int(rng.integers(30, 121))
    teacher = world.some(rng, 1, plan.start)["account_id"][0]
    home = np.array([int(rng.integers(0, len(network.NAMES)))])
    place = network.homes(rng, home)
    bell = plan.start + (plan.until - plan.start) / 10
    opened = spread(rng, n, bell, min(bell + timedelta(minutes=15), plan.until))
    laptops = ids(rng, max(1, int(n * 0.7)), "d")
    pupils = placed(newcomers(rng, opened, countries=home.repeat(n)), place[[0] * n]).with_columns(
        device_id=laptops.gather(rng.integers(0, len(laptops), n))
    )
    domain = f"school{rng.integers(1, 10_000)}.example"
    events = settling(rng, pupils, logins=1.5, days=1.5)
    events[("accounts", "signups")] = signups(
        world,
        rng,
        pupils,
        email_domain=domain,
        phone_hash=pl.lit(None, pl.String),
        referrer_id=teacher,
    )
    task = TASK.replace("SUBJECT", SUBJECTS[rng.integers(0, len(SUBJECTS))])
    events[("chat", "prompts")] = _prompts(rng, pupils, task)
    who, kept = pupils["account_id"], within(plan, events)
    actors = named(
        who, account_id=who, ip=place["ip"][0], device_id=pupils["device_id"],
        email_domain=domain, template_hash=texts.hashed(pl.Series([task]))[0],
    )  # fmt: skip
    return Deeds(kept, seen(kept, actors))


def _prompts(rng: Generator, pupils: pl.DataFrame, task: str) -> pl.DataFrame:
    """A dozen turns or so of every pupil within the lesson: the task, and what else comes up."""
    counts = rng.integers(2, 16, pupils.height)
    rows = np.repeat(np.arange(pupils.height), counts)
    n = len(rows)
    asked = pl.Series(texts.spun(rng, task, n))
    written = texts.worded(asked, pl.Series([task] * n))
    chat = texts.ordinary(rng, np.zeros(n, np.int64))
    on_task = pl.Series(rng.random(n) < 0.7)
    mixed = written.with_columns(
        pl.when(on_task).then(name).otherwise(chat[name]).alias(name) for name in written.columns
    )
    times = after(pupils["created_at"].gather(rows), rng.uniform(120, 2_700, n))
    return prompts(rng, pupils[rows], times, mixed, conversation=rows)
