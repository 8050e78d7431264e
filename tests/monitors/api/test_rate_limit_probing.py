import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from orchestration.duck import score as run
from tests.monitors.rows import DAY, Row, at, many, scored, table

DIGESTS = {1: "02fab8d20d726dfd"}
MINUTE = timedelta(minutes=1)


def asked(n: int, status: int, key: str = "k{i}", clock: str = "10:00") -> list[Row]:
    return many(n, at(clock), MINUTE, key_id=key, template_hash="t", status=status)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/rate_limit_probing", "api_requests", *groups)


def test_fires_at_four_keys_that_one_template_takes_to_the_limit() -> None:
    assert score(asked(4, 429), asked(30, 200)) == {"t": (4.0, "flagged")}


def test_fires_on_keys_that_take_turns_over_the_day() -> None:
    turns = many(12, at("00:30"), timedelta(hours=2), key_id="k{i}", template_hash="t", status=429)
    assert score(turns, asked(60, 200)) == {"t": (12.0, "flagged")}


def test_nearly_fires_at_three() -> None:
    assert score(asked(3, 429), asked(20, 200)) == {"t": (3.0, "near")}


def test_stays_quiet_on_one_key_that_is_refused_all_day() -> None:
    assert score(asked(300, 429, key="k")) == {"t": (1.0, "bulk")}


def test_stays_quiet_on_a_common_template_of_which_few_are_refused() -> None:
    assert score(asked(12, 429), asked(150, 200)) == {"t": (0.0, "bulk")}


def test_stays_quiet_on_refusals_of_another_kind() -> None:
    assert score(asked(40, 401), asked(40, 500)) == {"t": (0.0, "bulk")}


def test_eight_in_a_hundred_refused_is_enough_and_less_is_not() -> None:
    assert score(asked(8, 429), asked(92, 200)) == {"t": (8.0, "flagged")}
    assert score(asked(8, 429), asked(93, 200)) == {"t": (0.0, "bulk")}


def test_names_the_keys_that_were_refused() -> None:
    rows = [*asked(5, 429), *asked(20, 200, key="quiet-{i}")]
    events = {"api_requests": table("api", "api_requests", rows)}
    monitor = registry().get("api/rate_limit_probing")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1)), runner=run).findings
    assert json.loads(found["evidence"][0])["members"] == ["k0", "k1", "k2", "k3", "k4"]
