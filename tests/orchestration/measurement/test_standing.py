from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledger.states import ModeState
from orchestration.measurement.golden import GoldResult
from orchestration.measurement.precision import lower_bound
from orchestration.measurement.quality import MonitorQuality
from orchestration.measurement.standing import Need, Standing, labels_needed, need_of, standing
from orchestration.policies.actions import Action, Gate, Gravity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GOLD = GoldResult(2, 80, "passed")


def quality(k: int, n: int, days: float = 1) -> MonitorQuality:
    """k of n right, the newest so many days old."""
    newest = NOON - days * DAY if n else None
    return MonitorQuality(
        n, k, lower_bound(k, n), newest, "measured" if n >= 14 else "insufficient"
    )


def stands(k: int, n: int, need: Need | None = Need(), **more: object) -> Standing:  # noqa: B008
    given = {"golden": GOLD, "now": NOON, **more}
    return standing(quality(k, n), need=need, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(("line", "first"), [(0.80, 14), (0.90, 29), (0.95, 59), (0.99, 299)])
def test_with_every_label_right_auto_is_reached_exactly_there(line: float, first: int) -> None:
    need = Need(line, 14, 30 * DAY)
    assert stands(first, first, need).may is ModeState.AUTO
    before = stands(first - 1, first - 1, need)
    assert (before.may, before.labels_needed) == (ModeState.REVIEW, 1)
    assert before.why == (("too_few",) if first == 14 else ("lower_bound",))
    assert stands(0, 0, need).labels_needed == first


@pytest.mark.parametrize(
    ("k", "n", "line", "more"),
    [
        (45, 50, 0.80, 0),
        (44, 50, 0.80, 7),
        (90, 96, 0.90, 20),
        (0, 0, 0.80, 14),
        (13, 13, 0.80, 1),
        (13, 14, 0.80, 8),
        (8, 10, 0.80, None),  # as many wrong as the line allows: more of the same never does
        (9, 10, 0.95, None),
        (0, 5, 0.80, None),
    ],
)
def test_says_how_many_more_it_takes_or_that_none_do(
    k: int, n: int, line: float, more: int | None
) -> None:
    assert labels_needed(k, n, line) == more


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_number_is_the_least_that_does(k: int, wrong: int, line: float) -> None:
    n = k + wrong
    more = labels_needed(k, n, line)
    if more is None:
        assert k <= line * n
        return
    assert (lower_bound(k + more, n + more) or 0) >= line
    assert more == 0 or (lower_bound(k + more - 1, n + more - 1) or 0) < line


def test_a_bound_over_the_line_of_enough_fresh_labels_may_be_in_auto() -> None:
    found = stands(45, 50)
    assert (found.may, found.why, found.notes, found.labels_needed) == (ModeState.AUTO, (), (), 0)


@pytest.mark.parametrize(
    ("k", "n", "need", "why", "more"),
    [
        (14, 14, Need(0.80, 50, 30 * DAY), ("too_few",), 36),
        (14, 15, Need(0.80, 14, 30 * DAY), ("lower_bound",), 7),
        (30, 100, Need(0.80, 50, 30 * DAY), ("lower_bound",), None),
        (14, 14, None, ("no_rules",), 0),
    ],
)
def test_what_is_missing_is_named(
    k: int, n: int, need: Need | None, why: tuple[str, ...], more: int | None
) -> None:
    found = stands(k, n, need)
    assert (found.may, found.why, found.labels_needed) == (ModeState.REVIEW, why, more)


def test_labels_that_are_older_than_the_gate_allows_do_not_count() -> None:
    need = Need(0.80, 14, 2 * DAY)
    kept = {"need": need, "golden": GOLD, "now": NOON}
    assert standing(quality(14, 14, days=2), **kept).why == ()  # type: ignore[arg-type]
    old = standing(quality(14, 14, days=2.01), **kept)  # type: ignore[arg-type]
    assert (old.why, old.labels_needed) == (("stale",), 1)


@pytest.mark.parametrize("golden", [None, GoldResult(3, 12, "unknown")])
def test_raters_that_gold_says_nothing_of_are_allowed_but_said(golden: GoldResult | None) -> None:
    found = stands(14, 14, golden=golden)
    assert (found.may, found.notes) == (ModeState.AUTO, ("golden_unknown",))


def test_labels_of_raters_who_fail_on_gold_do_not_count() -> None:
    found = stands(500, 500, golden=GoldResult(3, 200, "failed"))
    assert (found.may, found.why, found.notes) == (ModeState.REVIEW, ("golden",), ())


def test_a_failed_check_is_a_reason_however_good_the_labels_are() -> None:
    found = stands(500, 500, fit="check:canary")
    assert (found.may, found.why) == (ModeState.REVIEW, ("check:canary",))


def test_every_reason_is_given_at_once() -> None:
    found = standing(
        quality(3, 13, days=31),
        need=None,
        golden=GoldResult(1, 60, "failed"),
        fit="check:hit_rate",
        now=NOON,
    )
    assert found.why == ("no_rules", "too_few", "stale", "golden", "check:hit_rate")


def action(gate: Gate | None) -> Action:
    return Action(
        id="warn",
        action_class="notice",
        target_types=frozenset({"account_id"}),
        value="warned",
        reversible=True,
        gravity=Gravity.WARN,
        says="We warn you.",
        approvals=0,
        duration=None,
        gate=gate,
        restriction=None,
    )


def test_what_is_needed_is_the_gate_of_the_monitors_own_action() -> None:
    gated = {"warn": action(Gate(0.90, 50, 7 * DAY))}
    assert need_of("warn", gated) == Need(0.90, 50, 7 * DAY)
    assert need_of("review", gated) == Need(0.80, 14, 30 * DAY)
    assert need_of("warn", {"warn": action(None)}) == Need(0.80, 14, 30 * DAY)
    assert need_of("warn", None) is None
