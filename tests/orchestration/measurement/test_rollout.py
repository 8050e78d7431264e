from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledger.rollouts import Rollout
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.rollout import Rollouts, bucket, of, step_up

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEED = "5f0c"
NAMES = [f"account_{number:012x}" for number in range(20_000)]


def rolled(*percents: int) -> Rollouts:
    """A roll-out with a change each hour from noon."""
    return of(
        Rollout(f"r{at}", "chat/mass_dm", 3, percent, "ana", "why", NOON + at * HOUR)
        for at, percent in enumerate(percents)
    )


def test_an_entity_has_its_place_for_good() -> None:
    assert bucket("account_7f3a09c2e1d4", "chat/mass_dm", 3, SEED) == pytest.approx(
        74.46769221, abs=1e-8
    )


@pytest.mark.parametrize("percent", [1, 10, 50])
def test_a_share_holds_about_that_many(percent: int) -> None:
    held = sum(bucket(name, "chat/mass_dm", 3, SEED) < percent for name in NAMES)
    assert abs(held / len(NAMES) - percent / 100) < 0.011  # three sigma at a half


def test_versions_and_monitors_are_drawn_apart() -> None:
    here = [bucket(name, "chat/mass_dm", 3, SEED) < 10 for name in NAMES]
    for other in (("chat/mass_dm", 4, SEED), ("web/scraping", 3, SEED), ("chat/mass_dm", 3, "x")):
        both = sum(
            bucket(name, *other) < 10 for name, held in zip(NAMES, here, strict=True) if held
        )
        assert 0.05 < both / sum(here) < 0.16


@given(st.text(min_size=1), st.sampled_from([(1, 10), (10, 50), (50, 100)]))
def test_a_larger_share_keeps_everybody_of_a_smaller_one(
    entity: str, shares: tuple[int, int]
) -> None:
    small, large = (rolled(share) for share in shares)
    assert large.holds(entity) or not small.holds(entity)
    assert rolled(1, 10, 50, 100).holds(entity)
    assert not rolled(100, 0).holds(entity)


def test_without_a_row_nobody_is_rolled_out_to() -> None:
    assert (of([]).percent, of([]).holds("account_1"), of([]).held_at("a", NOON)) == (
        *(0, False, False),
    )


def test_who_was_held_at_a_moment_follows_from_the_share_of_then() -> None:
    found = rolled(1, 100, 0)
    outside = next(name for name in NAMES if not rolled(1).holds(name))
    assert not found.held_at(outside, NOON - HOUR)
    assert not found.held_at(outside, NOON)
    assert found.held_at(outside, NOON + HOUR)
    assert not found.held_at(outside, NOON + 2 * HOUR)


def test_shares_go_up_one_step_at_a_time() -> None:
    assert [step_up(share) for share in (0, 1, 10, 50, 100)] == [1, 10, 50, 100, None]


def test_an_empty_seed_is_refused() -> None:
    with pytest.raises(MeasurementError, match="seed of the roll-out is empty"):
        bucket("account_1", "chat/mass_dm", 3, "")
