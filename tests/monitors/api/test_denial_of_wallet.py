from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.api.denial_of_wallet import denial_of_wallet
from tests.monitors.rows import Row, at, many, scored, table

DIGESTS = {1: "0e80bb385a91fee5"}
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def loop(n: int, every: timedelta = 5 * SECOND, clock: str = "10:00", user: str = "u") -> list[Row]:
    return many(n, at(clock), every, key_id="k", end_user_id=user, cost_usd=0.1)


def others(n: int) -> list[Row]:
    """Requests of as many end users, one each."""
    return many(n, at("12:00"), 5 * SECOND, key_id="k", end_user_id="o{i}", cost_usd=0.001)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/denial_of_wallet", "api_requests", *groups)


def test_fires_when_a_quarter_of_the_requests_are_steps_of_a_loop() -> None:
    assert score(loop(11), others(29)) == {"k": (0.25, "flagged")}


def test_fires_on_loops_spread_over_many_end_users() -> None:
    bursts = [row for i in range(12) for row in loop(3, clock=f"{i + 1:02}:00", user=f"n{i}")]
    assert score(bursts, others(30))["k"] == (24 / 66, "flagged")


def test_nearly_fires_at_a_fifth() -> None:
    assert score(loop(9), others(31)) == {"k": (0.2, "near")}


def test_stays_quiet_on_end_users_who_come_back_when_they_have_read() -> None:
    assert score(loop(60, every=31 * SECOND)) == {"k": (0.0, "bulk")}
    assert score(loop(60, every=30 * SECOND))["k"][1] == "flagged"


def test_stays_quiet_on_many_end_users_at_once() -> None:
    assert score(others(500)) == {"k": (0.0, "bulk")}


def test_stays_quiet_on_a_key_without_end_users() -> None:
    assert score([row | {"end_user_id": None} for row in loop(90)]) == {}


def test_twenty_nine_requests_are_not_enough_to_tell() -> None:
    assert score(loop(29)) == {"k": (None, "null")}
    assert score(loop(30)) == {"k": (29 / 30, "flagged")}


def test_two_keys_are_not_one_loop() -> None:
    mine = loop(40, every=40 * SECOND)
    theirs = [row | {"key_id": "l"} for row in loop(40, every=40 * SECOND, clock="10:00:20")]
    assert score(mine, theirs) == {"k": (0.0, "bulk"), "l": (0.0, "bulk")}


@given(order=st.permutations(range(36)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [*loop(9), *loop(9, clock="10:00:02", user="v"), *others(18)]
    shuffled = table("api", "api_requests", [rows[i] for i in order])
    assert denial_of_wallet(shuffled.lazy()).collect()["score"].to_list() == [16 / 36]
