from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "517aae2c4d7c03d0"}


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {"account_id": f"r{days}-{clock}-{{i}}", "target_id": "t", "dismissed": True}
    return many(n, at(clock, days), timedelta(seconds=1), **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/report_brigading", "user_reports", *groups)


def test_fires_at_ten_people_whose_reports_are_dismissed() -> None:
    assert score(sent(10)) == {"t": (10.0, "flagged")}


def test_fires_on_reports_that_wait_for_review() -> None:
    assert score(sent(4, -3), sent(6, dismissed=None)) == {"t": (10.0, "flagged")}


def test_nearly_fires_at_nine() -> None:
    assert score(sent(9)) == {"t": (9.0, "near")}


def test_stays_quiet_where_reviewers_uphold_a_third() -> None:
    assert score(sent(10), sent(5, clock="11:00", dismissed=False)) == {"t": (5.0, "bulk")}


def test_stays_quiet_on_one_person_who_reports_again_and_again() -> None:
    assert score(sent(90, account_id="r")) == {"t": (1.0, "bulk")}


def test_looks_back_seven_days_from_the_end_of_a_day_with_a_report() -> None:
    assert score(sent(9, -6, "00:00"), sent(1)) == {"t": (10.0, "flagged")}
    assert score(sent(9, -7, "23:59"), sent(1)) == {"t": (1.0, "bulk")}
    assert score(sent(90, -1)) == {}
