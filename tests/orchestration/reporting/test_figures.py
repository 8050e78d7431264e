import math

import pytest

from orchestration.reporting.figures import columns, exact, rate, said, share, short, spread


def test_a_rate_has_the_exact_interval_of_a_poisson_count() -> None:
    found = rate(10, 20, 2.0)  # 10 events: 4.795 to 18.390 in tables of Garwood's interval
    assert found.value == 5.0
    assert found.lower == pytest.approx(4.7954 / 2, abs=1e-4)
    assert found.upper == pytest.approx(18.3904 / 2, abs=1e-4)


def test_no_event_has_an_upper_end() -> None:
    found = rate(0, 20, 1.0)
    assert (found.value, found.lower) == (0.0, 0.0)
    assert found.upper == pytest.approx(3.6889, abs=1e-4)


def test_under_twenty_there_is_no_number() -> None:
    for found in (share(1, 19), exact(1, 19), rate(1, 19, 1.0), spread([1.0] * 19).median):
        assert (found.value, found.lower, found.upper, found.n) == (None, None, None, 19)
    assert spread([1.0] * 19).p90 is None


def test_a_rate_by_no_time_at_all_is_no_number() -> None:
    assert rate(3, 20, 0.0).value is None


def test_a_share_is_wilsons() -> None:
    found = share(45, 50)
    assert (found.lower, found.upper) == pytest.approx((0.7864, 0.9565), abs=1e-4)
    assert exact(45, 50).lower == pytest.approx(0.7819, abs=1e-4)


def test_a_median_lies_between_the_sixth_and_the_fifteenth_of_twenty() -> None:
    found = spread([float(n) for n in range(20, 0, -1)])
    assert (found.median.value, found.median.lower, found.median.upper) == (10.5, 6.0, 15.0)
    assert found.p90 == 18.0


def test_what_is_without_end_has_its_place_in_a_median() -> None:
    found = spread([1.0] * 16 + [math.inf] * 4).median
    assert (found.value, found.upper) == (1.0, 1.0)


def test_figures_read_with_interval_and_n() -> None:
    twenty = spread([float(n) for n in range(1, 21)]).median
    assert said(twenty, "min") == "10.5 min (6 to 15, 95%, n = 20)"
    assert said(spread([]).median, "min") == "insufficient (n = 0)"
    assert said(share(0, 30)) == "no more than 11.35% (95%, n = 30, Wilson)"
    assert columns("late", share(3, 4)) == {"late": None, "late_lower": None, "late_upper": None}


def test_numbers_are_short() -> None:
    assert [short(value) for value in (0.0, 0.12345, 12.345, 123.45, 98765.4)] == [
        "0",
        "0.123",
        "12.3",
        "123",
        "98765",
    ]
