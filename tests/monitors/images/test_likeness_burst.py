from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "4c1a673aa7fa0604"}
MINUTE = timedelta(minutes=1)


def made(n: int, *, score: float | None = 0.8, clock: str = "10:00", days: int = 0) -> list[Row]:
    shown: Row = {"account_id": "a", "operation": "generate", "score_likeness": score}
    return many(n, at(clock, days), MINUTE, **shown)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("images/likeness_burst", "images", *groups)


def test_fires_at_eight_likenesses_in_a_day() -> None:
    assert score(made(5, clock="02:00"), made(3)) == {"a": (8.0, "flagged")}


def test_fires_on_a_burst_far_over_the_usual() -> None:
    assert score(made(2, days=-3), made(10)) == {"a": (8.0, "flagged")}


def test_nearly_fires_at_seven() -> None:
    assert score(made(7)) == {"a": (7.0, "near")}


def test_stays_quiet_on_an_account_that_always_makes_as_many() -> None:
    assert score(made(9, days=-3), made(9, days=-2), made(9)) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_uploads_and_on_fair_doubt() -> None:
    uploads = [row | {"operation": "upload"} for row in made(20)]
    assert score(uploads, made(20, score=0.79), made(20, score=None)) == {}


def test_an_image_leaves_the_window_after_exactly_a_day() -> None:
    rest = [row | {"occurred_at": at("10:00:01")} for row in made(7)]
    usual = made(1, clock="10:00:01", days=-1)  # also a usual day with one
    assert score(usual, rest) == {"a": (6.0, "near")}
    assert score(made(1, clock="10:00:02", days=-1), rest) == {"a": (7.0, "near")}
