from datetime import UTC, datetime

import pytest

from orchestration.reporting.errors import ReportingError
from orchestration.reporting.window import Window, name_of, week_before, week_of


def test_a_week_is_from_monday_to_monday() -> None:
    found = week_of("2026-W10")
    assert found == Window(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
    assert found.text == "2026-03-02 00:00Z to 2026-03-09 00:00Z"


def test_a_year_may_begin_in_a_week_of_the_last_one() -> None:
    assert week_of("2026-W53").start == datetime(2026, 12, 28, tzinfo=UTC)
    assert name_of(datetime(2027, 1, 3, 23, 59, tzinfo=UTC)) == "2026-W53"


def test_the_week_before_is_over() -> None:
    assert week_before(datetime(2026, 3, 9, tzinfo=UTC)) == "2026-W10"
    assert week_before(datetime(2026, 3, 8, 23, 59, tzinfo=UTC)) == "2026-W09"


@pytest.mark.parametrize("name", ["2026-W54", "2025-W53", "2026-W00", "2026-10", "last", ""])
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(ReportingError, match="as in 2026-W10"):
        week_of(name)


def test_a_window_ends_after_its_start_and_has_zones() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with pytest.raises(ReportingError, match="wanted an end after its start"):
        Window(noon, noon)
    with pytest.raises(ReportingError, match="has no zone"):
        Window(noon.replace(tzinfo=None), noon)
