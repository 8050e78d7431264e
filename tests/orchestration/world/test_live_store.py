from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.columns import TIMESTAMP
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.changes import changed_at
from orchestration.world.build import Happening
from orchestration.world.live import run, step
from orchestration.world.store import Home, Progress, Store, write
from orchestration.world.world import DAY, Tables, World

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WORLD = World(7, 300, START, 1)
HOT = timedelta(hours=48)
TABLE = ("accounts", "logins")
LOGINS = contract_of("logins")


def nothing(world: World, week: int) -> list[Happening]:
    del world, week
    return []


def every_minute(world: World, found: list[Happening], day: datetime) -> Tables:
    """A sign-in a minute, received a minute and a half later."""
    del world, found
    number = pl.int_range(24 * 60)
    happened = pl.lit(day, TIMESTAMP) + pl.duration(minutes=number)
    rows = pl.select(
        event_id=pl.lit(f"{day:%m%d}-") + number.cast(pl.String),
        occurred_at=happened,
        received_at=happened + pl.duration(seconds=90),
        product=pl.lit("accounts"),
        succeeded=pl.lit(value=True),
    )
    return {TABLE: pl.concat([LOGINS.empty(), rows], how="diagonal")}


def begun(home: Home) -> Store:
    """The world in its home, taken up where it was left."""
    store = Store.begin(home, WORLD, ["accounts"])
    store.planned, store.made = nothing, every_minute
    write(store, count=lambda *_: None, done=lambda _: None)
    return store


def stored(home: Home) -> pl.DataFrame:
    rows = home.lake.scan("events/logins", ["accounts"], Span(START, START + 4 * DAY)).collect()
    return rows.sort("occurred_at", "event_id")


def received(until: datetime) -> pl.DataFrame:
    days = [every_minute(WORLD, [], START + n * DAY)[TABLE] for n in range(4)]
    first = pl.col("occurred_at") < START + DAY  # was written whole
    return pl.concat(days).filter(first | (pl.col("received_at") < until))


def test_a_step_adds_what_was_received_so_far(tmp_path: Path) -> None:
    home, now = Home(tmp_path), START + DAY + 10 * HOUR
    added = step(begun(home), now=now, hot=HOT)
    assert stored(home)["event_id"].to_list() == received(now)["event_id"].to_list()
    assert added > 0
    assert stored(home)["received_at"].max() < now  # type: ignore[operator]


def test_hours_of_today_get_files_of_their_own_and_are_marked(tmp_path: Path) -> None:
    home, now = Home(tmp_path), START + DAY + 10 * HOUR
    step(begun(home), now=now, hot=HOT)
    assert home.lake.day_path("events/logins", "accounts", START).exists()
    assert home.lake.hour_path("events/logins", "accounts", now - HOUR).exists()
    assert not home.lake.day_path("events/logins", "accounts", now).exists()
    assert changed_at(home.lake, "logins", "accounts", now - HOUR) is not None


@settings(deadline=None, max_examples=12)
@given(
    minutes=st.lists(st.integers(-20, 36 * 60), max_size=5).map(sorted),
    restarts=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_neither_gaps_nor_duplicates_whenever_it_steps_and_starts_again(
    tmp_path_factory: pytest.TempPathFactory, minutes: Sequence[int], restarts: Sequence[bool]
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    store, end = begun(home), START + 2 * DAY + 12 * HOUR
    times = [START + DAY + n * MINUTE for n in minutes]
    for now, again in zip([*times, end], restarts, strict=False):
        store = begun(home) if again else store
        step(store, now=now, hot=HOT)
    assert stored(home)["event_id"].to_list() == received(end)["event_id"].to_list()


def test_a_step_that_was_broken_off_is_repeated_without_duplicates(tmp_path: Path) -> None:
    home, now = Home(tmp_path), START + DAY + 3 * HOUR
    store = begun(home)
    before = store.progress
    first = step(store, now=now, hot=HOT)
    before.write(home)
    again = begun(home)
    assert step(again, now=now, hot=HOT) == 0
    assert step(again, now=now + HOUR, hot=HOT) > 0
    assert first > 0
    assert stored(home)["event_id"].is_unique().all()


def test_a_day_is_noted_as_whole_when_its_last_event_must_be_in(tmp_path: Path) -> None:
    home = Home(tmp_path)
    store, midnight = begun(home), START + 2 * DAY
    noted = []
    for now in (midnight - MINUTE, midnight + MINUTE, midnight + 5 * MINUTE, midnight + 3 * DAY):
        step(store, now=now, hot=HOT)
        found = Progress.read(home)
        assert found is not None
        noted.append((found.world.days, found.until))
    assert noted == [
        (1, midnight - MINUTE),
        (1, midnight + MINUTE),
        (2, midnight + 5 * MINUTE),
        (4, midnight + 3 * DAY),
    ]


def test_a_clock_that_goes_back_adds_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    store, now = begun(home), START + DAY + 3 * HOUR
    step(store, now=now, hot=HOT)
    assert step(store, now=now - HOUR, hot=HOT) == 0
    assert store.progress.until == now


def test_steps_until_it_is_told_to_stop(tmp_path: Path) -> None:
    home = Home(tmp_path)
    times = [START + DAY + n * HOUR for n in (1, 2, 3)]
    clock, waits = iter(times), iter([False, False, True])
    waited: list[timedelta] = []

    def wait(length: timedelta) -> bool:
        waited.append(length)
        return next(waits)

    run(begun(home), clock=lambda: next(clock), every=MINUTE, hot=HOT, wait=wait)
    assert waited == [MINUTE] * 3
    assert stored(home)["event_id"].to_list() == received(times[-1])["event_id"].to_list()
