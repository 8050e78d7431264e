from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from orchestration.oncall.errors import RotaError
from orchestration.oncall.walls import moment, utc
from tests.orchestration.oncall import builders
from tests.orchestration.oncall.builders import (
    APIA,
    HOUR,
    LONDON,
    LORD_HOWE,
    LOS_ANGELES,
    UNHURRIED,
    ZONES,
)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LOS_ANGELES, 7, 24),
        (LOS_ANGELES, 8, 23),
        (LOS_ANGELES, 9, 24),
        (LONDON, 28, 24),
        (LONDON, 29, 23),
    ],
)
def test_a_day_of_march_lasts_as_long_as_its_clocks_say(
    zone: ZoneInfo, day: int, hours: int
) -> None:
    begins, ends = (moment(date(2026, 3, at), time(), zone) for at in (day, day + 1))
    assert ends - begins == hours * HOUR


def test_the_day_when_clocks_go_back_lasts_25_hours() -> None:
    begins, ends = (moment(date(2026, 11, at), time(), LOS_ANGELES) for at in (1, 2))
    assert ends - begins == 25 * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "wall", "wanted"),
    [
        # 02:00 PST becomes 03:00 PDT: what is between is that moment.
        (LOS_ANGELES, date(2026, 3, 8), time(1, 59), "2026-03-08T09:59"),
        (LOS_ANGELES, date(2026, 3, 8), time(2), "2026-03-08T10:00"),
        (LOS_ANGELES, date(2026, 3, 8), time(2, 30), "2026-03-08T10:00"),
        (LOS_ANGELES, date(2026, 3, 8), time(3), "2026-03-08T10:00"),
        (LOS_ANGELES, date(2026, 3, 8), time(3, 15), "2026-03-08T10:15"),
        # 02:00 PDT becomes 01:00 PST: 01:30 is shown twice.
        (LOS_ANGELES, date(2026, 11, 1), time(1, 30), "2026-11-01T08:30"),
        (LOS_ANGELES, date(2026, 11, 1), time(1, 30, fold=1), "2026-11-01T08:30"),
        (LOS_ANGELES, date(2026, 11, 1), time(2), "2026-11-01T10:00"),
        # Half an hour is left out.
        (LORD_HOWE, date(2026, 10, 4), time(2, 15), "2026-10-03T15:30"),
        # A whole day is left out.
        (APIA, date(2011, 12, 29), time(23), "2011-12-30T09:00"),
        (APIA, date(2011, 12, 30), time(9), "2011-12-30T10:00"),
        (APIA, date(2011, 12, 31), time(), "2011-12-30T10:00"),
    ],
)
def test_a_wall_time_is_a_moment(zone: ZoneInfo, day: date, wall: time, wanted: str) -> None:
    assert moment(day, wall, zone) == builders.utc(wanted)


WALL = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))
DAY_OF = st.dates(date(2026, 1, 1), date(2027, 12, 31)) | st.sampled_from(
    [date(2026, 3, 8), date(2026, 10, 4), date(2026, 11, 1), date(2011, 12, 30)]
)


@UNHURRIED
@given(st.sampled_from(ZONES), DAY_OF, WALL, WALL)
@example(LOS_ANGELES, date(2026, 3, 8), time(2, 30), time(3, 15))
def test_a_later_wall_time_is_never_an_earlier_moment(
    zone: ZoneInfo, day: date, one: time, other: time
) -> None:
    earlier, later = sorted((one, other))
    assert moment(day, earlier, zone) <= moment(day, later, zone)


@UNHURRIED
@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_what_clocks_show_leads_back_to_the_moment_or_to_the_first_of_two(
    zone: ZoneInfo, naive: datetime
) -> None:
    at = naive.replace(tzinfo=UTC)
    shown = at.astimezone(zone)
    back = moment(shown.date(), shown.time(), zone)
    assert back == at or (shown.fold == 1 and back < at)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(RotaError, match="without a zone; wanted UTC"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001
