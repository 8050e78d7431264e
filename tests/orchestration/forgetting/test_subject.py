import re

import pytest

from orchestration.forgetting.errors import ForgetError
from orchestration.forgetting.subject import ALSO, Subject, types


def test_both_sides_of_an_event_are_columns_of_an_account() -> None:
    assert Subject("account_id", "ann").columns == (
        "account_id",
        "recipient_id",
        "peer_id",
        "target_id",
        "referrer_id",
    )
    assert Subject("ip", "192.0.2.7").columns == ("ip",)


def test_every_column_that_is_named_is_of_some_contract() -> None:
    known = set(types())
    assert set(ALSO) <= known
    assert {name for names in ALSO.values() for name in names} <= known


@pytest.mark.parametrize("kind", ["product", "model", "metric", "country", "event_id", "accounts"])
def test_what_is_about_many_people_is_refused(kind: str) -> None:
    with pytest.raises(ForgetError, match=r"wanted one of account_id, .*device_id, .*ip"):
        Subject(kind, "web")


@pytest.mark.parametrize("entity", ["", "  "])
def test_nobody_is_refused(entity: str) -> None:
    with pytest.raises(ForgetError, match="The entity is empty"):
        Subject("ip", entity)


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    [
        ("ann", "GET /users/ann HTTP/1.1", True),
        ("ann", '{"user": "ann"}', True),
        ("ann", "ann", True),
        ("ann", "joanna", False),
        ("ann", "ann2", False),
        ("a.b", "axb", False),
        ("192.0.2.7", "192.0.2.7 - - [1]", True),
        ("192.0.2.7", "192.0.2.77 - - [1]", False),
        ("zoë", '{"user": "zo\\u00eb"}', True),
        ('a"b', '{"user": "a\\"b"}', True),
    ],
)
def test_a_line_that_was_set_aside_is_searched_for_the_whole_word(
    entity: str, text: str, *, found: bool
) -> None:
    assert bool(re.search(Subject("account_id", entity).word, text)) is found
