from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from orchestration.oncall.errors import RotaError
from orchestration.oncall.turns import Override, Shift, TeamRota, shift_at, shifts_of
from tests.orchestration.oncall.builders import (
    DAY,
    HOUR,
    LONDON,
    LOS_ANGELES,
    MINUTE,
    UNHURRIED,
    ZONES,
    daily,
    utc,
    weekly,
)


def test_weeks_go_round_and_the_next_in_turn_is_secondary() -> None:
    rota = weekly(LONDON)
    assert [
        tuple(shift_at(rota, utc(f"2026-01-{day}T12:00"), layer).person for layer in (1, 2))
        for day in ("05", "11", "12", "19", "26")
    ] == [("a", "b"), ("a", "b"), ("b", "c"), ("c", "a"), ("a", "b")]


def test_a_shift_begins_with_its_hand_over_and_ends_before_the_next() -> None:
    rota = weekly(LONDON)
    assert shift_at(rota, utc("2026-01-12T08:59"), 1).person == "a"
    assert shift_at(rota, utc("2026-01-12T09:00"), 1) == Shift(
        "b", utc("2026-01-12T09:00"), utc("2026-01-19T09:00")
    )


def test_turns_count_back_from_the_first() -> None:
    assert shift_at(weekly(LONDON), utc("2025-12-30T12:00"), 1) == Shift(
        "c", utc("2025-12-29T09:00"), utc("2026-01-05T09:00")
    )


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-07", 23), ("2026-03-08", 24), ("2026-10-31", 25)]
)
def test_a_daily_shift_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    shift = shift_at(daily(LOS_ANGELES), utc(f"{day}T20:00"), 1)
    assert shift.end - shift.start == hours * HOUR
    assert [at.astimezone(LOS_ANGELES).hour for at in shift[1:]] == [9, 9]


def test_weeks_of_both_changes_of_clocks_keep_their_wall_time() -> None:
    assert [
        shift[1:] for shift in shifts_of(weekly(LONDON), utc("2026-03-23T09:00"),
                                         utc("2026-04-06T08:00"), 1)
    ] == [
        (utc("2026-03-23T09:00"), utc("2026-03-30T08:00")),
        (utc("2026-03-30T08:00"), utc("2026-04-06T08:00")),
    ]  # fmt: skip
    assert shift_at(weekly(LONDON), utc("2026-10-25T12:00"), 1).end == utc("2026-10-26T09:00")


def test_a_hand_over_at_a_time_that_is_left_out_happens_when_clocks_jump() -> None:
    rota = daily(LOS_ANGELES, at=time(2, 30))
    shown = [utc("2026-03-07T10:30"), utc("2026-03-08T10:00"), utc("2026-03-09T09:30")]
    found = shifts_of(rota, shown[0], shown[2], 1)
    assert [shift[1:] for shift in found] == list(pairwise(shown))


def test_a_stand_in_wins_and_cuts_the_turns_around() -> None:
    stand_in = Override(1, "d", utc("2026-01-10T00:00"), utc("2026-01-20T00:00"))
    rota = weekly(LONDON, stand_in)
    assert list(shifts_of(rota, utc("2026-01-09T00:00"), utc("2026-01-27T00:00"), 1)) == [
        Shift("a", utc("2026-01-09T00:00"), utc("2026-01-10T00:00")),
        Shift("d", utc("2026-01-10T00:00"), utc("2026-01-20T00:00")),
        Shift("c", utc("2026-01-20T00:00"), utc("2026-01-26T09:00")),
        Shift("a", utc("2026-01-26T09:00"), utc("2026-01-27T00:00")),
    ]
    assert shift_at(rota, utc("2026-01-15T00:00"), 2).person == "c"


def test_two_may_swap() -> None:
    ends = (utc("2026-01-06T00:00"), utc("2026-01-07T00:00"))
    rota = weekly(LONDON, Override(1, "b", *ends), Override(2, "a", *ends))
    assert [shift_at(rota, ends[0], layer).person for layer in (1, 2)] == ["b", "a"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            [(1, "d", "05T12", "07T12"), (1, "e", "07T11", "08T12")],
            "it overlaps the override of d in the same layer; end one earlier.",
        ),
        (
            [(1, "b", "05T12", "07T12")],
            "b would be in layers 1 and 2 at once; let somebody stand in there too.",
        ),
        (
            [(1, "d", "05T12", "07T12"), (2, "d", "07T11", "08T12")],
            "d would be in layers 1 and 2 at once; let somebody stand in there too.",
        ),
    ],
)
def test_stand_ins_that_contradict_are_refused(
    overrides: list[tuple[int, str, str, str]], message: str
) -> None:
    made = [
        Override(layer, person, utc(f"2026-01-{start}:00"), utc(f"2026-01-{end}:00"))
        for layer, person, start, end in overrides
    ]
    with pytest.raises(RotaError, match=message):
        weekly(LONDON, *made)


def test_a_rota_that_calls_nobody_else_is_refused() -> None:
    with pytest.raises(RotaError, match="chat has 1 layers with people; write at least two"):
        TeamRota("chat", LONDON, time(9), None, date(2026, 1, 5), (("a",), ()))
    with pytest.raises(RotaError, match="a is in layers 1 and 2 in the same turn; move one"):
        TeamRota("chat", LONDON, time(9), None, date(2026, 1, 5), (("a", "b"), ("b", "c", "a")))


def test_a_first_day_that_is_no_hand_over_is_refused_with_the_right_one() -> None:
    with pytest.raises(
        RotaError, match=r"2026-01-07 is a wednesday and .* monday; write 2026-01-05"
    ):
        TeamRota("chat", LONDON, time(9), 0, date(2026, 1, 7), (("a",), ("b",)))


@pytest.mark.parametrize("end", ["2026-01-05T00:00", "2026-01-04T00:00", "2027-02-01T00:00"])
def test_a_stand_in_ends_after_it_begins_and_within_a_year(end: str) -> None:
    with pytest.raises(RotaError, match="wanted an end after its start and within a year"):
        Override(1, "a", utc("2026-01-05T00:00"), utc(end))


CHANGES = [
    utc(f"2026-{day}T00:00") for day in ("03-08", "03-29", "04-05", "10-04", "10-25", "11-01")
]
MOMENTS = st.builds(
    lambda near, far: near + far * MINUTE, st.sampled_from(CHANGES), st.integers(-9999, 9999)
)
WALLS = st.sampled_from([time(), time(1, 30), time(2), time(2, 30), time(9), time(23, 59)])


@st.composite
def rotas(draw: st.DrawFn) -> TeamRota:
    """A rota near a change of clocks; stand-ins are x in layer 1 and y in layer 2."""
    bounds = sorted(draw(st.sets(MOMENTS, max_size=6)))
    overrides = [
        Override(draw(st.sampled_from([1, 2])), "", start, end)
        for start, end in zip(bounds[::2], bounds[1::2], strict=False)
        if end - start < 365 * DAY
    ]
    named = [Override(one.layer, " xy"[one.layer], one.start, one.end) for one in overrides]
    kind = draw(st.sampled_from([weekly, daily]))
    return kind(draw(st.sampled_from(ZONES)), *named, at=draw(WALLS))


@UNHURRIED
@given(rotas(), MOMENTS, st.integers(1, 20 * 1440), st.sampled_from([1, 2]))
def test_shifts_tile_the_time_line(
    rota: TeamRota, start: datetime, minutes: int, layer: int
) -> None:
    end = start + minutes * MINUTE
    found = list(shifts_of(rota, start, end, layer))
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(shift.start < shift.end for shift in found)


@UNHURRIED
@given(rotas(), MOMENTS, st.sampled_from([1, 2]), st.integers(0, 999))
def test_every_moment_has_exactly_one_person_who_is_the_one_of_its_shift(
    rota: TeamRota, at: datetime, layer: int, part: int
) -> None:
    shift = shift_at(rota, at, layer)
    assert shift.start <= at < shift.end
    inside = shift.start + part * (shift.end - shift.start) // 1000
    assert shift_at(rota, inside, layer) == shift


@UNHURRIED
@given(rotas(), MOMENTS)
def test_stand_ins_win_and_nobody_else_is_moved(rota: TeamRota, at: datetime) -> None:
    plain = TeamRota(*[getattr(rota, name) for name in TeamRota.__slots__[:-1]])
    for layer in (1, 2):
        standing = [o for o in rota.overrides if o.layer == layer and o.start <= at < o.end]
        wanted = standing[0].person if standing else shift_at(plain, at, layer).person
        assert shift_at(rota, at, layer).person == wanted


@UNHURRIED
@given(rotas(), MOMENTS)
def test_nobody_is_primary_and_secondary_at_once(rota: TeamRota, at: datetime) -> None:
    assert shift_at(rota, at, 1).person != shift_at(rota, at, 2).person


@UNHURRIED
@given(st.sampled_from(ZONES), st.integers(0, 40))
def test_hand_over_is_at_its_wall_time_wherever_the_clocks_show_it(
    zone: ZoneInfo, days: int
) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC) + days * DAY
    shown = shift_at(daily(zone), at, 1).end.astimezone(zone)
    assert (shown.hour, shown.minute) == (9, 0)
