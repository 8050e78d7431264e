"""A world that goes on with the real clock: events enter the lake when they are received."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from orchestration.partitions import day_of
from orchestration.world.store import Store, put
from orchestration.world.world import DAY

LATEST = timedelta(minutes=5)  # no event takes as long to be received
Clock = Callable[[], datetime]
Wait = Callable[[timedelta], bool]


def step(store: Store, *, now: datetime, hot: timedelta) -> int:
    """Add what was received since the step before; returns how many events were new.

    A step that was broken off is repeated by the next: rows are known by their ids. Rows of hours
    younger than `hot` go to hourly files. A day is noted as whole once its last event must be in.
    """
    reach = (now - store.world.start) // DAY + 1
    store.world = replace(store.world, days=max(store.world.days, reach))
    since = store.progress.until
    added = 0
    day = max(day_of(since - LATEST), store.world.start)
    while day <= now:
        received = pl.col("received_at")
        for table, rows in store.tables(day).items():
            new = rows.filter(received >= since, received < now)
            if new.height:
                added += put(store.home.lake, table, day, new, hot=day_of(now - hot))
        if day >= store.progress.world.end and day + DAY + LATEST <= now:
            store.finish(day)
        day += DAY
    store.note(replace(store.progress, until=max(since, now)))
    return added


def run(store: Store, *, clock: Clock, every: timedelta, hot: timedelta, wait: Wait) -> None:
    """Step now and then every so often, until `wait`, called with how long, says to stop."""
    while True:
        step(store, now=clock(), hot=hot)
        if wait(every):
            return
