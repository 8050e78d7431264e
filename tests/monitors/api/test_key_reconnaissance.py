from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "961085169ad33c7a"}


def calls(n: int, operation: str = "Describe{i}", clock: str = "10:00") -> list[Row]:
    second = timedelta(seconds=1)
    return many(n, at(clock), second, key_id="k", account_id="a", operation=operation)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/key_reconnaissance", "api_requests", *groups)


def test_fires_at_thirty_different_reading_operations() -> None:
    rows = (calls(15), calls(10, "List{i}"), calls(5, "Get{i}"))
    assert score(*rows) == {"k": (30.0, "flagged")}


def test_nearly_fires_at_twenty_nine() -> None:
    assert score(calls(29)) == {"k": (29.0, "near")}


def test_stays_quiet_on_one_operation_called_often() -> None:
    assert score(calls(500, "GetObject")) == {"k": (1.0, "bulk")}


def test_stays_quiet_on_operations_that_write() -> None:
    assert score(calls(40, "Create{i}")) == {}


def test_stays_quiet_on_the_method_of_a_web_request() -> None:
    assert score(calls(40, "GET")) == {}


def test_the_next_hour_begins_on_the_hour() -> None:
    assert score(calls(29), calls(9, "List{i}", clock="11:00")) == {"k": (29.0, "near")}
