from datetime import UTC, date, datetime

import polars as pl
import pytest

from monitors.columns import COMMON
from orchestration.ingest.cast import cast
from orchestration.ingest.source import Source

TIME = COMMON[1]


def times(values: list[object], **how: object) -> list[datetime | None]:
    series = pl.Series("t", values)
    source = Source("x", "logins", **how)  # type: ignore[arg-type]
    read = cast(pl.col("t"), series.dtype, TIME, source)
    return series.to_frame().select(read).to_series().to_list()


def test_reads_the_common_forms_of_iso_8601() -> None:
    assert times(
        [
            "2023-02-08 17:24:35",
            "2023-02-08T17:24:35.5Z",
            "2023-02-08 17:24:35.500001+00:00",
            "2023-02-08T17:24:35+0200",
            "2023-02-08T17:24",
            "2023-02-08",
            "8.2.2023",
            "2023-02-30",
        ]
    ) == [
        datetime(2023, 2, 8, 17, 24, 35, tzinfo=UTC),
        datetime(2023, 2, 8, 17, 24, 35, 500000, tzinfo=UTC),
        datetime(2023, 2, 8, 17, 24, 35, 500001, tzinfo=UTC),
        datetime(2023, 2, 8, 15, 24, 35, tzinfo=UTC),
        datetime(2023, 2, 8, 17, 24, tzinfo=UTC),
        datetime(2023, 2, 8, tzinfo=UTC),
        None,
        None,
    ]


def test_a_time_without_zone_is_in_the_declared_one() -> None:
    berlin = {"time_zone": "Europe/Berlin"}
    summer = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert times(["2026-07-01 12:00:00", "2026-07-01T12:00:00+02:00"], **berlin) == [summer] * 2
    assert times([datetime(2026, 7, 1, 12)], **berlin) == [summer]  # noqa: DTZ001
    assert times([date(2026, 7, 2)], **berlin) == [datetime(2026, 7, 1, 22, tzinfo=UTC)]


def test_an_hour_that_comes_twice_is_the_first_and_one_that_is_skipped_is_none() -> None:
    found = times(["2026-10-25 02:30:00", "2026-03-29 02:30:00"], time_zone="Europe/Berlin")
    assert found == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ([1772359200], "epoch_s"),
        (["1772359200"], "epoch_s"),
        ([1772359200.0], "epoch_s"),
        (["1772359200000"], "epoch_ms"),
        ([1772359200000000], "epoch_us"),
    ],
)
def test_reads_seconds_and_their_parts_since_1970(values: list[object], form: str) -> None:
    assert times(values, time_format=form) == [datetime(2026, 3, 1, 10, tzinfo=UTC)]


def test_a_syslog_time_is_in_the_declared_year() -> None:
    found = times(["Jun 14 15:16:01", "Jul  4 01:02:03"], time_format="%b %e %H:%M:%S", year=2005)
    assert found == [
        datetime(2005, 6, 14, 15, 16, 1, tzinfo=UTC),
        datetime(2005, 7, 4, 1, 2, 3, tzinfo=UTC),
    ]
