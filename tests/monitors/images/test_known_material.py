from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "93263123b12b4f30"}


def images(n: int, *, clock: str = "10:00", matched: str | None = "a list") -> list[Row]:
    shown: Row = {"account_id": "a", "operation": "upload", "matched_list": matched}
    return many(n, at(clock), timedelta(minutes=1), **shown)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("images/known_material", "images", *groups)


def test_fires_on_a_single_match() -> None:
    assert score(images(1)) == {"a": (1.0, "flagged")}


def test_fires_whatever_the_operation() -> None:
    rows = [row | {"operation": "generate"} for row in images(2)]
    assert score(rows) == {"a": (2.0, "flagged")}


def test_nearly_fires_on_a_match_of_the_hour_before() -> None:
    assert score(images(1, clock="09:59:59")) == {}


def test_stays_quiet_on_images_that_match_nothing() -> None:
    assert score(images(90, matched=None)) == {}
