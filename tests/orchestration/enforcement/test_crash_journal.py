from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.enforcement_crash_journal import restored_otherwise, sent_blindly

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATE = timedelta(minutes=10)
Asked = tuple[float, str, int | None]  # minutes after noon, what, and the status of the answer


def lines(*asked: Asked, key: str = "k1") -> list[dict[str, Any]]:
    return [
        {
            "seq": number,
            "at": (NOON + timedelta(minutes=at)).isoformat(),
            "on": on,
            "key": key,
            "status": status,
        }
        for number, (at, on, status) in enumerate(asked, 1)
    ]


FIVE: tuple[Asked, ...] = ((0, "apply", None),) * 5


@pytest.mark.parametrize(
    "asked",
    [
        ((0, "apply", 200),),
        ((0, "apply", 500), (0.1, "apply", 200)),
        (*FIVE, (11, "find", 404), (11, "apply", 200)),
        (*FIVE, (5, "find", 404), (11, "find", 404), (12, "apply", None), (12, "apply", 200)),
        (*FIVE, (1, "find", 200)),
        ((0, "apply", 429), (1, "apply", 429), (2, "apply", 200)),
        ((0, "apply", 401), (9, "apply", 200)),
        ((0, "apply", 500), (0, "apply", 422), (9, "apply", 200)),
        ((0, "restore", None), (1, "restore", 200)),
    ],
)
def test_what_was_asked_about_or_not_admitted_may_be_sent(asked: tuple[Asked, ...]) -> None:
    assert list(sent_blindly(lines(*asked), late=LATE)) == []


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ((*FIVE, (0, "apply", 200)), 6),  # at once
        (((0, "apply", 200), (15, "apply", 200)), 2),  # later, as after a crash
        (((0, "apply", 500), (0, "apply", 429), (15, "apply", 200)), 3),
        ((*FIVE, (15, "find", 500), (15, "apply", 200)), 7),  # no answer to the question
        ((*FIVE, (15, "find", 200), (15, "apply", 200)), 7),  # it was done
        ((*FIVE, (5, "find", 404), (5, "apply", 200)), 7),  # a try may still arrive
    ],
)
def test_what_may_have_been_done_is_not_sent_before_it_was_asked_about(
    asked: tuple[Asked, ...], number: int
) -> None:
    said = f"k1 was sent again by request {number}, unasked"
    assert list(sent_blindly(lines(*asked), late=LATE)) == [said]


def test_keys_are_told_apart() -> None:
    both = lines(*FIVE) + lines((0, "apply", 200), key="k2")
    assert list(sent_blindly(both, late=LATE)) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("k1:r-1", []),
        ("k1:r-2", ["k1 was given back by request 1 under another key"]),
        ("k1:r-1:2", ["k1 was given back by request 1 under another key"]),
        ("k1", ["k1 was given back by request 1 under another key"]),
        ("k2:r-1", ["k1 was given back by request 1 under another key"]),
    ],
)
def test_a_restoration_is_of_its_row_and_reversal(key: str, said: list[str]) -> None:
    asked = [{**lines((0, "restore", 200), key=key)[0], "of": "k1"}]
    assert list(restored_otherwise(asked, {"k1", "k2"}, {"r-1"})) == said


def test_what_nobody_asked_to_undo_is_not_given_back() -> None:
    asked = [{**lines((0, "restore", 200), key="k1:r-1")[0], "of": "k1"}]
    said = "k1 was given back by request 1 under another key"
    assert list(restored_otherwise(asked, {"k2"}, {"r-1"})) == [said]
