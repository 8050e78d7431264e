"""What groups have in common that ask a model, session after session, for what it should refuse."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from orchestration.world.conversations import acting, human_times
from orchestration.world.draws import Generator, poisson_rows
from orchestration.world.rhythm import FLAT, HUMAN
from orchestration.world.world import Deeds, Plan, named

TRACES = ("account_id", "device_id", "template_hash", "text_hash", "conversation_id")


class Shape(NamedTuple):
    """How many ask, how often, how much alike and how plainly; and how they blend in."""

    accounts: int
    hours: float
    sessions: float  # of each account
    asks: tuple[int, int]  # in a session, at least and less than
    families: int  # of templates
    freedom: float
    bought: float  # of the accounts
    talks: float  # of each account, about nothing in particular
    score: tuple[float, float]


def sessions(
    rng: Generator, plan: Plan, group: pl.DataFrame, ends: datetime, *, each: float
) -> tuple[pl.DataFrame, pl.Series]:
    """Who holds each session, and when it begins: a loud group does not keep people's hours."""
    holders = group[poisson_rows(rng, np.full(group.height, each))]
    profile = FLAT if plan.variant == "loud" else HUMAN
    offsets = holders["offset"].to_numpy()
    return holders, human_times(rng, offsets, acting(plan, ends), ends, profile=profile)


def deeds(asked: pl.DataFrame, prompts: pl.DataFrame, signups: pl.DataFrame) -> Deeds:
    """All prompts and sign-ups of a group; the prompts that ask are what gives it away."""
    return Deeds(
        {("chat", "prompts"): prompts, ("accounts", "signups"): signups},
        named(asked["account_id"], **{trace: asked[trace] for trace in TRACES}),
    )
