from datetime import date, datetime, time, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.oncall.delivery import Batch, Delivery, Digest, told_at
from orchestration.oncall.errors import RotaError
from orchestration.oncall.hours import business_open
from tests.orchestration.oncall.builders import (
    DAY,
    LONDON,
    LOS_ANGELES,
    MINUTE,
    UNHURRIED,
    nine_to_five,
    utc,
)

WEST = nine_to_five(LOS_ANGELES, date(2026, 3, 11))
NINE = Digest(time(9), LONDON)
DELIVERY = Delivery(Batch(15 * MINUTE, WEST), NINE)


@pytest.mark.parametrize(
    ("severity", "at", "told"),
    [
        (Severity.S0, "2026-03-08T03:07", "2026-03-08T03:07"),
        (Severity.S1, "2026-03-08T03:07", "2026-03-08T03:07"),
        (Severity.S2, "2026-03-06T17:07", "2026-03-06T17:15"),
        (Severity.S2, "2026-03-06T17:15", "2026-03-06T17:15"),
        (Severity.S2, "2026-03-07T00:50", "2026-03-07T01:00"),
        (Severity.S2, "2026-03-07T01:00", "2026-03-07T01:00"),
        (Severity.S2, "2026-03-07T01:01", "2026-03-09T16:00"),
        (Severity.S2, "2026-03-11T18:00", "2026-03-12T16:00"),
        (Severity.S3, "2026-03-06T08:59", "2026-03-06T09:00"),
        (Severity.S3, "2026-03-06T09:00", "2026-03-06T09:00"),
        (Severity.S3, "2026-03-28T09:01", "2026-03-29T08:00"),
    ],
)
def test_each_severity_has_its_time(severity: Severity, at: str, told: str) -> None:
    assert told_at(DELIVERY, severity, utc(at)) == utc(told)


def test_the_last_batch_ends_with_the_hours() -> None:
    seven = Delivery(Batch(7 * 60 * MINUTE, WEST), NINE)
    assert told_at(seven, Severity.S2, utc("2026-03-07T00:30")) == utc("2026-03-07T01:00")


@UNHURRIED
@given(
    st.sampled_from(Severity),
    st.integers(0, 60 * 1440),
    st.integers(0, 5000),
    st.integers(1, 1440),
)
def test_what_arises_later_is_never_told_earlier_and_never_in_the_past(
    severity: Severity, minutes: int, later: int, batch: int
) -> None:
    delivery = Delivery(Batch(batch * MINUTE, WEST), NINE)
    at = utc("2026-02-20T00:00") + minutes * MINUTE
    told = told_at(delivery, severity, at)
    assert at <= told <= told_at(delivery, severity, at + later * MINUTE)
    assert told_at(delivery, severity, told) == told


@UNHURRIED
@given(st.integers(0, 60 * 1440))
def test_s2_waits_less_than_a_batch_while_hours_are_open(minutes: int) -> None:
    at = utc("2026-02-20T00:00") + minutes * MINUTE
    told = told_at(DELIVERY, Severity.S2, at)
    if business_open(WEST, at):
        assert told - at < 15 * MINUTE
    else:
        assert told == at or business_open(WEST, told)


@UNHURRIED
@given(st.integers(0, 400))
def test_there_is_one_digest_a_day(days: int) -> None:
    at = utc("2026-01-01T12:00") + days * DAY
    first = told_at(DELIVERY, Severity.S3, at)
    assert told_at(DELIVERY, Severity.S3, first) == first
    second = told_at(DELIVERY, Severity.S3, first + MINUTE)
    shown: list[datetime] = [digest.astimezone(LONDON) for digest in (first, second)]
    assert [digest.time() for digest in shown] == [time(9), time(9)]
    assert shown[1].date() - shown[0].date() == DAY


@pytest.mark.parametrize("batch", [timedelta(0), timedelta(days=1, minutes=1)])
def test_a_batch_of_no_or_too_much_time_is_refused(batch: timedelta) -> None:
    with pytest.raises(RotaError, match="wanted more than 0m, at most 1d"):
        Batch(batch, WEST)
