from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "9f628e747e96d704"}
HOUR = timedelta(hours=1)


def edits(n: int, *, account: str = "a{i}", score: float | None = 0.4, days: int = 0) -> list[Row]:
    shown: Row = {"operation": "edit", "upload_hash": "x", "score_undress": score}
    return many(n, at("10:00", days), HOUR, account_id=account, **shown)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("images/undressing_ring", "images", *groups)


def test_fires_when_three_accounts_try_one_picture() -> None:
    assert score(edits(3)) == {"x": (3.0, "flagged")}


def test_fires_on_accounts_that_try_days_apart() -> None:
    rows = (edits(1, account=f"a{-day}", days=day) for day in (-6, -3, 0))
    assert score(*rows) == {"x": (3.0, "flagged")}


def test_nearly_fires_at_two_accounts() -> None:
    assert score(edits(2)) == {"x": (2.0, "near")}


def test_stays_quiet_on_one_account_that_tries_again_and_again() -> None:
    assert score(edits(9, account="a")) == {"x": (1.0, "bulk")}


def test_stays_quiet_on_a_picture_that_many_edit_harmlessly() -> None:
    assert score(edits(9, score=0.29)) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_a_day_on_which_nobody_edits_the_picture() -> None:
    assert score(edits(9, days=-1)) == {}


def test_an_unscored_picture_is_null() -> None:
    assert score(edits(9, score=None)) == {"x": (None, "null")}


def test_an_edit_leaves_the_window_after_seven_days() -> None:
    outside = [row | {"occurred_at": at("23:59:59", -7)} for row in edits(1, account="b")]
    assert score(edits(2), outside) == {"x": (2.0, "near")}
    inside = [row | {"occurred_at": at("00:00", -6)} for row in edits(1, account="b")]
    assert score(edits(2), inside) == {"x": (3.0, "flagged")}
