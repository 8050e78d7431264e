"""A company sends forty people to another continent: from one day on, another country and clock."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import daily, gathered, programs
from orchestration.world.draws import Generator, Real, Whole
from orchestration.world.rhythm import OFFICE
from orchestration.world.traffic.api import requests
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped

PEOPLE, PROGRAMMERS = 40, 14
LOGINS, CALLS = 1.6, 45  # a day
FLIGHT = timedelta(hours=14)
FAR = 5  # hours that the zones differ by at least


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins and calls from home before the journey, and from the new place after it.

    The accounts are the least active ones, so that hardly anybody is still seen at home.
    """
    rng = plan.rng
    staff = programs(
        rng, world.present(plan.start).sort("activity").head(PEOPLE), models=(1, 2), answers=300
    )
    browsers = network.browsers(rng, staff.height)
    there = _there(rng, staff)
    leave = plan.start + (plan.until - plan.start) * rng.uniform(0.3, 0.5)
    days = (plan.until - plan.start) / DAY
    n = staff.height
    signing = np.repeat(np.arange(n), rng.poisson(LOGINS * days, n))
    coding = np.repeat(
        np.arange(min(n, PROGRAMMERS)), rng.poisson(CALLS * days, min(n, PROGRAMMERS))
    )
    at_login = _times(rng, plan, staff, there, rows=signing, leave=leave)
    at_call = _times(rng, plan, staff, there, rows=coding, leave=leave)
    visitors = _somewhere(staff.with_columns(browsers), there, signing, at_login, leave)
    fails = pl.Series(rng.random(len(signing)) < 0.05)
    logins = stamped(
        visitors,
        at_login,
        succeeded=~fails,
        method="sso",
        failure=pl.when(fails).then(pl.lit("mfa")),
        mfa=~fails,
        new_device=False,
    )
    calls = requests(rng, _somewhere(staff, there, coding, at_call, leave), at_call)
    travelling = pl.col("occurred_at").is_between(leave, leave + FLIGHT, closed="left")
    return Deeds(
        gathered(
            plan,
            {
                ("accounts", "logins"): logins.filter(~travelling),
                ("api", "api_requests"): calls.filter(~travelling),
            },
        ),
        pl.concat(
            [
                named(staff["account_id"], account_id=staff["account_id"], key_id=staff["key_id"]),
                named(staff["account_id"], ip=there["ip"]),
            ]
        ),
    )


def _there(rng: Generator, staff: pl.DataFrame) -> pl.DataFrame:
    """Where each of the staff will be: one office for half of them, flats for the others."""
    usual = float(np.median(staff["offset"].to_numpy()))
    far = np.flatnonzero(np.abs(network.OFFSETS - usual) >= FAR)
    places = np.full(staff.height, rng.choice(far))
    flats = network.homes(rng, places)
    office = pl.lit(pl.Series(np.arange(staff.height) % 2 == 0))
    return flats.with_columns(
        pl.when(office).then(pl.lit(flats[name][0])).otherwise(name).alias(name)
        for name in ("ip", "asn")
    ).with_columns(offset=pl.Series(network.OFFSETS[places]))


def _times(
    rng: Generator,
    plan: Plan,
    staff: pl.DataFrame,
    there: pl.DataFrame,
    *,
    rows: Whole,
    leave: datetime,
) -> pl.Series:
    """Office hours of where each is; one draw for both, so nobody works twice."""
    hours = (plan.until - plan.start) / DAY * 24
    before = daily(rng, plan, np.zeros(len(rows)), hours=hours, profile=OFFICE)
    zones = [frame["offset"].to_numpy()[rows] for frame in (staff, there)]
    at_home, away = (before - _hours(zone) for zone in zones)
    return pl.select(pl.when(at_home < leave).then(at_home).otherwise(away)).to_series()


def _hours(zone: Real) -> pl.Series:
    return pl.Series((zone * 3.6e9).astype(np.int64)).cast(pl.Duration("us"))


def _somewhere(
    staff: pl.DataFrame, there: pl.DataFrame, rows: Whole, times: pl.Series, leave: datetime
) -> pl.DataFrame:
    """The staff, one row an event: at home before they leave, in the new place after."""
    gone = pl.lit(times >= leave)
    return staff[rows].with_columns(
        pl.when(gone).then(pl.lit(there[name].gather(rows))).otherwise(name).alias(name)
        for name in ("ip", "asn", "country")
    )
