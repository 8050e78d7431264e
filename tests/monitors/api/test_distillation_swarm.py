import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from tests.monitors.rows import DAY, Row, at, many, scored, table

DIGESTS = {1: "4291b8c3f2c88855"}
HOUR = timedelta(hours=1)


def swarm(keys: int, tokens: int = 2_000, clock: str = "10:00", days: int = 0) -> list[Row]:
    return many(
        keys,
        at(clock, days),
        timedelta(minutes=1),
        key_id="k{i}",
        template_hash="t",
        tokens_out=tokens,
    )


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/distillation_swarm", "api_requests", *groups)


def test_fires_at_eight_keys_that_draw_long_answers_through_one_template() -> None:
    assert score(swarm(8)) == {"t": (8.0, "flagged")}


def test_fires_on_a_swarm_whose_keys_take_turns_over_a_week() -> None:
    turns = many(9, at("05:00", -6), 18 * HOUR, key_id="k{i}", template_hash="t", tokens_out=3_000)
    assert score(turns) == {"t": (9.0, "flagged")}


def test_nearly_fires_at_seven() -> None:
    assert score(swarm(7)) == {"t": (7.0, "near")}


def test_stays_quiet_on_a_common_template_with_short_answers() -> None:
    assert score(swarm(150, tokens=500)) == {"t": (0.0, "bulk")}


def test_stays_quiet_on_one_key_however_much_it_asks() -> None:
    rows = [row | {"key_id": "k"} for row in swarm(200)]
    assert score(rows) == {"t": (1.0, "bulk")}


def test_stays_quiet_when_nobody_used_it_that_day() -> None:
    assert score(swarm(20, days=-1)) == {}


def test_a_key_leaves_the_window_after_seven_days() -> None:
    assert score(swarm(7, clock="00:00", days=-6), swarm(1)) == {"t": (7.0, "near")}
    old = [row | {"key_id": "old"} for row in swarm(1, clock="23:59", days=-7)]
    recent = [row | {"occurred_at": at("00:00", -6)} for row in old]
    assert score(old, swarm(7)) == {"t": (7.0, "near")}
    assert score(recent, swarm(7)) == {"t": (8.0, "flagged")}


def test_an_answer_of_fifteen_hundred_tokens_is_long_and_one_token_less_is_not() -> None:
    assert score(swarm(9, tokens=1_500)) == {"t": (9.0, "flagged")}
    assert score(swarm(9, tokens=1_499)) == {"t": (0.0, "bulk")}


def test_names_its_members_in_order_and_a_hundred_at_most() -> None:
    events = {"api_requests": table("api", "api_requests", swarm(120))}
    monitor = registry().get("api/distillation_swarm")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1))).findings
    members = json.loads(found["evidence"][0])["members"]
    assert members == sorted(f"k{i}" for i in range(120))[:100]
