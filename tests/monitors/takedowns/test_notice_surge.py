from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "c1bef10af13a35f3"}
A_DAY = timedelta(days=1)


def counts(n: int, first: int, value: float) -> list[Row]:
    return many(n, at("00:00", first), A_DAY, metric="notices", value=value, bucket_seconds=86_400)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("takedowns/notice_surge", "volumes", *groups)


def test_fires_at_five_times_the_usual_spread() -> None:
    assert score(counts(20, -20, 10.0), counts(1, 0, 25.0)) == {"notices": (5.0, "flagged")}


def test_nearly_fires_at_four_times() -> None:
    assert score(counts(20, -20, 10.0), counts(1, 0, 22.0)) == {"notices": (4.0, "near")}


def test_stays_quiet_on_a_usual_day_and_on_a_calm_one() -> None:
    assert score(counts(20, -20, 10.0), counts(1, 0, 13.0)) == {"notices": (1.0, "bulk")}
    assert score(counts(20, -20, 10.0), counts(1, 0, 1.0)) == {"notices": (-3.0, "bulk")}


def test_thirteen_days_of_history_are_not_enough_to_tell() -> None:
    assert score(counts(13, -13, 10.0), counts(1, 0, 90.0)) == {"notices": (None, "null")}


def test_history_begins_56_days_before_the_day() -> None:
    rest = counts(13, -13, 10.0), counts(1, 0, 25.0)
    assert score(counts(1, -56, 10.0), *rest) == {"notices": (5.0, "flagged")}
    assert score(counts(1, -57, 10.0), *rest) == {"notices": (None, "null")}
