from collections import defaultdict
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.detectors.reset_windows.spike import spike
from monitors.errors import MonitorError

START = datetime(2026, 3, 2, tzinfo=UTC)
SINCE_1970 = int(START.timestamp()) // 60  # minutes
HOUR = timedelta(hours=1)
SCHEMA = {
    "event_id": pl.String,
    "who": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
}
Row = tuple[str | None, int]


def events(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"e{i}", who, START + timedelta(minutes=at)) for i, (who, at) in enumerate(rows)],
        schema=SCHEMA,
        orient="row",
    )


def matched(
    rows: list[Row], *, minimum: int = 4, reference: int = 1, ratio: float = 2, every: int = 15
) -> list[str]:
    found = spike(
        events(*rows),
        entity="who",
        ratio=ratio,
        minimum=minimum,
        minimum_reference=reference,
        window=HOUR,
        every=timedelta(minutes=every),
    )
    return found["event_id"].to_list()


class Watched:
    """What one entity has done; a multiple of `every` stands in both windows with no id."""

    def __init__(self, since: int) -> None:
        self.since: int | None = since
        self.current: list[tuple[int, str | None]] = []
        self.before: list[tuple[int, str | None]] = []

    def sees(self, at: int, event: str | None, minimum: int, reference: int, ratio: float) -> str:
        """Id of the match, or nothing."""
        self.since = at if self.since is None else self.since
        self.current.append((at, event))
        self.before += [item for item in self.current if at - item[0] >= 60]
        self.current = [item for item in self.current if at - item[0] < 60]
        self.before = [item for item in self.before if self.before[-1][0] - item[0] < 60]
        now = [name for _, name in self.current if name]
        then = [name for _, name in self.before if name]
        enough = len(now) >= minimum and len(then) >= reference
        if at - self.since < 120 or not enough or len(now) < len(then) * ratio:
            return ""
        self.before, self.since = [], None
        return now[0]


def by_hand(rows: list[Row], minimum: int, reference: int, ratio: float, every: int) -> list[str]:
    """Moment by moment: events in order of time, every entity at each multiple of `every`."""
    numbered = sorted(enumerate(rows), key=lambda row: row[1][1])
    moments: list[tuple[int, int, int]] = [(at, 1, i) for i, (_, at) in numbered]
    times = [at for at, _, _ in moments]
    if times:
        first, last = (at - (SINCE_1970 + at) % every for at in (times[0], times[-1] + every))
        moments += [(at, 0, -1) for at in range(first + every, last + 1, every)]
    entities: dict[str | None, Watched] = {}
    found = defaultdict(list)
    for at, is_event, i in sorted(moments):
        if is_event:
            who = rows[i][0]
            entity = entities.setdefault(who, Watched(at))
            found[at].append(entity.sees(at, f"e{i}", minimum, reference, ratio))
        else:
            for entity in entities.values():
                found[at].append(entity.sees(at, None, minimum, reference, ratio))
    return sorted(name for names in found.values() for name in names if name)


CALM: list[Row] = [("a", 0), ("a", 70), ("a", 100)]
BURST: list[Row] = [("a", 150), ("a", 151), ("a", 152), ("a", 153)]


def test_matches_the_oldest_event_of_the_current_window() -> None:
    assert matched([*CALM, *BURST]) == ["e2"]


def test_is_silent_in_an_entitys_first_two_windows() -> None:
    rows: list[Row] = [("a", 30), ("a", 100), ("a", 101), ("a", 102), ("a", 103)]
    assert matched(rows) == []
    assert matched([("a", -30), *rows]) == ["e2"]


def test_is_silent_for_two_windows_after_a_match() -> None:
    rows = [*CALM, *BURST]
    again: list[Row] = [("a", at) for at in (215, 216, 217, 218, 219, 220, 221, 222, 223, 224)]
    later: list[Row] = [("a", at) for at in (330, 331, 332, 333)]
    assert matched([*rows, *again]) == ["e2"]
    assert matched([*rows, ("a", 250), *later]) == ["e2", "e8"]


def test_needs_events_in_the_window_before() -> None:
    rows: list[Row] = [("a", 0), ("a", 200), ("a", 201), ("a", 202), ("a", 203)]
    assert matched(rows) == []
    assert matched(rows, reference=0) == ["e1"]


def test_a_multiple_of_every_can_be_the_moment_of_a_match() -> None:
    before: list[Row] = [("a", 0), ("a", 91), ("a", 92), ("a", 93), ("a", 119)]
    rows = [*before, ("a", 156), ("a", 157), ("a", 158), ("a", 159), ("b", 200)]
    assert matched(rows, ratio=4, every=60) == by_hand(rows, 4, 1, 4, 60)
    assert matched(rows, ratio=4, every=15) == by_hand(rows, 4, 1, 4, 15)


def test_no_events_no_matches() -> None:
    assert matched([]) == []


@pytest.mark.parametrize(
    ("ratio", "minimum", "every"), [(0, 4, 15), (2, 0, 15), (2, 4, 0), (2, 4, 61)]
)
def test_refuses_settings_that_mean_nothing(ratio: float, minimum: int, every: int) -> None:
    with pytest.raises(MonitorError):
        matched([("a", 0)], ratio=ratio, minimum=minimum, every=every)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "a", "a", "b", None]),
            st.integers(-300, 600) | st.integers(100, 200) | st.integers(300, 340),
        ),
        max_size=60,
    ),
    minimum=st.integers(1, 5),
    reference=st.integers(0, 3),
    ratio=st.sampled_from([0.5, 1, 1.5, 2, 3]),
    every=st.sampled_from([1, 7, 15, 20, 60]),
)
@settings(max_examples=300)
def test_agrees_with_watching_by_hand(
    rows: list[Row], minimum: int, reference: int, ratio: float, every: int
) -> None:
    found = matched(rows, minimum=minimum, reference=reference, ratio=ratio, every=every)
    assert sorted(found) == by_hand(rows, minimum, reference, ratio, every)
