import json
from datetime import timedelta

import pytest

from orchestration.executors.errors import Refused, Slow, Unclear
from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Receipt
from tests.orchestration.executors.answering import answering
from tests.orchestration.reference_service.services import CANARY, SECRET, Clock, order

RECEIPT = {"key": "k1", "outcome": "applied", "receipt": "r-1", "prior": "1", "now": "2"}


def executor(url: str) -> HttpExecutor:
    return HttpExecutor(url, SECRET, clock=Clock(), sleep=lambda _: None)


def test_an_answer_of_the_expected_shape_is_a_receipt() -> None:
    body = json.dumps({**RECEIPT, "more": "is passed over"}).encode()
    with answering("200 OK", body) as (url, got):
        assert executor(f"{url}/enforce/").apply(order()) == Receipt(
            "k1", "applied", "r-1", "1", "2"
        )
    assert got == ["POST /enforce/v1/actions HTTP/1.1"]


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"key": "k2"}, "key"),
        ({"key": None}, "key"),
        ({"outcome": "restored"}, "outcome"),
        ({"outcome": "refused"}, "outcome"),
        ({"outcome": ["applied"]}, "outcome"),
        ({"receipt": CANARY + " is unwell"}, "receipt"),
        ({"receipt": 7}, "receipt"),
        ({"prior": None}, "prior"),
        ({"prior": 1}, "prior"),
        ({"prior": "active"}, "prior"),
        ({"prior": '"' + "x" * 4000 + '"'}, "prior"),
        ({"prior": "[" * 4000}, "prior"),
        ({"now": "suspended"}, "now"),
    ],
)
def test_a_receipt_of_another_shape_is_unclear_and_not_repeated(
    changed: dict[str, object], part: str
) -> None:
    body = json.dumps({**RECEIPT, **changed}).encode()
    said = pytest.raises(Unclear, match=f"no usable '{part}'")
    with answering("200 OK", body) as (url, got), said as error:
        executor(url).apply(order())
    assert CANARY not in str(error.value)
    assert len(got) == 5


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", b"<html>canary-7f3a</html>"),
        ("200 OK", b""),
        ("200 OK", b"[1]"),
        ("200 OK", b"[" * 60_000),
        ("200 OK", b"\xff\xfe"),
        ("200 OK", b" " * 70_000),
        ("201 Created", json.dumps(RECEIPT).encode()),
        ("302 Found", b""),
        ("404 Not Found", b"<html>canary-7f3a</html>"),
        ("404 Not Found", b'{"error": "It was canary-7f3a"}'),
        ("404 Not Found", b'{"error": ["unknown_key"]}'),
        ("408 Request Timeout", b'{"error": "timeout"}'),
        ("502 Bad Gateway", b'{"error": "unknown_key"}'),
        ("100000 What", b""),
    ],
)
def test_what_is_neither_yes_nor_no_is_unclear_for_orders_and_questions(
    status: str, body: bytes
) -> None:
    with answering(status, body, "Location: http://127.0.0.1:1/") as (url, _):
        with pytest.raises(Unclear) as error:
            executor(url).apply(order())
        with pytest.raises(Unclear):
            executor(url).find("k1")
    assert CANARY not in str(error.value) + repr(error.value.__cause__)


def test_only_the_services_own_word_says_that_it_never_heard_of_a_key() -> None:
    with answering("404 Not Found", b'{"error": "unknown_key"}') as (url, _):
        assert executor(url).find("k1") is None
        with pytest.raises(Refused):
            executor(url).apply(order())


@pytest.mark.parametrize(
    ("said", "seconds"), [("90", 90), ("999999", 86_400), ("soon", 60), ("-1", 60), ("1e9", 60)]
)
def test_how_long_a_busy_service_asks_for_is_read_with_care(said: str, seconds: int) -> None:
    answered = answering("429 Busy", b"", f"Retry-After: {said}")
    with answered as (url, got), pytest.raises(Slow) as error:
        executor(url).apply(order())
    assert error.value.retry_after == timedelta(seconds=seconds)
    assert len(got) == 1


def test_a_code_that_is_not_ours_is_passed_on() -> None:
    answered = answering("422 No", b'{"error": "on_legal_hold"}')
    with answered as (url, got), pytest.raises(Refused, match="on_legal_hold") as error:
        executor(url).apply(order())
    assert error.value.code == "on_legal_hold"
    assert len(got) == 1
