from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "74e0831d7398732f"}
MINUTE = timedelta(minutes=1)


def edits(
    n: int, clock: str, *, score: float | None = 0.7, refused: bool | None = True, days: int = 0
) -> list[Row]:
    shown: Row = {"account_id": "a", "operation": "edit", "score_undress": score}
    return many(n, at(clock, days), MINUTE, refused=refused, **shown)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("images/undressing", "images", *groups)


def test_fires_on_the_first_retry_after_a_refusal() -> None:
    assert score(edits(1, "10:00"), edits(1, "10:05", refused=False)) == {"a": (1.0, "flagged")}


def test_fires_on_a_retry_with_another_picture() -> None:
    first, second = edits(1, "10:00"), edits(1, "10:05")
    rows = [row | {"upload_hash": name} for name, [row] in (("x", first), ("y", second))]
    assert score(rows) == {"a": (1.0, "flagged")}


def test_fires_on_a_retry_the_next_morning() -> None:
    assert score(edits(1, "22:00", days=-1), edits(1, "10:00")) == {"a": (1.0, "flagged")}


def test_nearly_fires_when_the_retry_comes_exactly_later_than_a_day() -> None:
    late = edits(1, "10:00"), edits(1, "10:00:01", days=-1)
    assert score(*late) == {"a": (1.0, "flagged")}
    later = edits(1, "10:00:01"), edits(1, "10:00", days=-1)
    assert score(*later) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_one_refusal() -> None:
    assert score(edits(1, "10:00")) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_attempts_that_nobody_refused() -> None:
    rows = edits(5, "10:00", refused=False), edits(5, "10:20", refused=None)
    assert score(*rows) == {"a": (0.0, "bulk")}


def test_stays_quiet_when_what_follows_is_an_honest_edit() -> None:
    rows = edits(1, "10:00"), edits(9, "10:05", score=0.49), edits(9, "10:30", score=None)
    assert score(*rows) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_pictures_that_are_generated() -> None:
    rows = [row | {"operation": "generate"} for row in edits(9, "10:00")]
    assert score(rows) == {}
