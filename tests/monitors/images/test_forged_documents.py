from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "1dbccb36f19c93db"}
MINUTE = timedelta(minutes=1)


def made(n: int, *, score: float | None = 0.5, clock: str = "10:00", days: int = 0) -> list[Row]:
    shown: Row = {"operation": "generate", "prompt_hash": "p", "score_document": score}
    return many(n, at(clock, days), MINUTE, account_id="a{i}", **shown)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("images/forged_documents", "images", *groups)


def test_fires_at_eight_documents_of_one_prompt() -> None:
    assert score(made(8)) == {"p": (8.0, "flagged")}


def test_fires_on_a_batch_that_is_made_slowly_by_one_account() -> None:
    rows = [row | {"account_id": "a"} for day in (-2, -1, 0) for row in made(3, days=day)]
    assert score(rows) == {"p": (9.0, "flagged")}


def test_nearly_fires_at_seven() -> None:
    assert score(made(7)) == {"p": (7.0, "near")}


def test_stays_quiet_on_as_many_documents_of_different_prompts() -> None:
    rows = [row | {"prompt_hash": f"p{i}"} for i, row in enumerate(made(9))]
    assert score(rows) == {f"p{i}": (1.0, "bulk") for i in range(9)}


def test_stays_quiet_on_a_popular_prompt_with_stray_scores() -> None:
    assert score(made(9), made(90, score=0.03, clock="12:00")) == {"p": (0.0, "bulk")}


def test_stays_quiet_on_unscored_images() -> None:
    assert score(made(9, score=None)) == {"p": (None, "null")}


def test_an_image_leaves_the_window_after_three_days() -> None:
    rest = made(7)
    assert score(rest, made(1, clock="23:59:59", days=-3)) == {"p": (7.0, "near")}
    assert score(rest, made(1, clock="00:00", days=-2)) == {"p": (8.0, "flagged")}
