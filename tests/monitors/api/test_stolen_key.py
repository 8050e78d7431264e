from datetime import timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from monitors.api.stolen_key import stolen_key
from monitors.columns import TIMESTAMP
from tests.monitors.rows import Row, at, many, scored, table

DIGESTS = {1: "ebc8c7e8ecb91c94"}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OWN: Row = {"key_id": "k", "asn": 1, "user_agent": "own/1", "template_hash": "own"}
THIEF: Row = {"key_id": "k", "asn": 2, "user_agent": "thief/1", "template_hash": "new"}
KNOWN = many(8, at("10:00", -8), DAY, **OWN)


def requests(n: int, clock: str = "10:00", **other: object) -> list[Row]:
    return many(n, at(clock), MINUTE, **(THIEF | other))


def score(*groups: list[Row], hour: str = "10:00") -> dict[str, tuple[float | None, str]]:
    return scored("api/stolen_key", "api_requests", *groups, hour=hour)


def test_fires_at_three_requests_of_a_new_client_for_a_new_template() -> None:
    assert score(KNOWN, requests(3)) == {"k": (3.0, "flagged")}


def test_fires_on_a_new_network_while_the_known_one_goes_on() -> None:
    theirs = requests(5, "09:10", user_agent="own/1")
    assert score(KNOWN, theirs, many(4, at("10:10"), MINUTE, **OWN)) == {"k": (4.0, "flagged")}


def test_nearly_fires_at_two() -> None:
    assert score(KNOWN, requests(2)) == {"k": (2.0, "near")}


def test_adds_up_what_came_since_midnight() -> None:
    early = requests(2, "01:00")
    assert score(KNOWN, early, requests(1)) == {"k": (3.0, "flagged")}
    yesterday = [row | {"occurred_at": at("23:00", -1)} for row in early]
    used = [row | {"template_hash": "other"} for row in yesterday]
    assert score(KNOWN, used, requests(1)) == {"k": (0.0, "bulk")}, "the client is known by now"


def test_stays_quiet_on_an_owner_who_travels() -> None:
    away = requests(60, user_agent="own/1")
    assert score(KNOWN, many(9, at("08:00"), MINUTE, **OWN), away) == {"k": (0.0, "bulk")}


def test_stays_quiet_on_a_new_client_for_known_work() -> None:
    assert score(KNOWN, requests(60, template_hash="own")) == {"k": (0.0, "bulk")}


def test_stays_quiet_on_a_release_with_new_templates() -> None:
    assert score(KNOWN, requests(60, asn=1, user_agent="own/1")) == {"k": (0.0, "bulk")}


def test_what_the_log_does_not_know_is_not_new() -> None:
    assert score(KNOWN, requests(9, asn=None, user_agent=None)) == {"k": (0.0, "bulk")}
    assert score(KNOWN, requests(9, template_hash=None)) == {"k": (0.0, "bulk")}


def test_a_history_of_two_days_is_not_enough_to_tell_and_three_days_are() -> None:
    assert score(KNOWN[-3:], requests(9)) == {"k": (None, "null")}
    assert score(KNOWN[-4:], requests(9)) == {"k": (9.0, "flagged")}
    assert score(requests(9)) == {"k": (None, "null")}


@given(order=st.permutations(range(12)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [
        *requests(4),
        *requests(4, "11:05", user_agent="own/1"),
        *many(4, at("12:00"), MINUTE, **OWN),
    ]
    history = pl.DataFrame(
        {
            "key_id": ["k", "k"],
            "asn": [1, 1],
            "user_agent": ["own/1", "own/1"],
            "template_hash": ["own", "older"],
            "first_seen": [at("00:00", -9)] * 2,
            "last_seen": [at("00:00", -1)] * 2,
        },
        schema_overrides={"first_seen": TIMESTAMP, "last_seen": TIMESTAMP},
    )
    shuffled = table("api", "api_requests", [rows[i] for i in order])
    found = stolen_key(shuffled.lazy(), history.lazy()).sort("window_end").collect()
    assert found["score"].to_list() == [4.0, 4.0, 4.0]
