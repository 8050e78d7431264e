import pytest

from monitors.contract import Mode
from orchestration.alerts.errors import AlertError
from orchestration.alerts.explain import Explanation, explain
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.records import Watched
from orchestration.alerts.rules import Inhibition
from tests.orchestration.alerts.builders import SPAM, THEFT, Desk, at, finding


def explained(desk: Desk, hour: float) -> Explanation:
    return explain(
        desk.state,
        alert_id=desk.alert().alert_id,
        watched=desk.watched,
        now=at(hour),
        config=desk.config,
    )


def test_says_when_and_why_it_was_told_and_when_it_is_next() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    assert explained(desk, 2).lines() == [
        (
            "firing since 2026-03-02 01:05:00 UTC, S2; 1 of 1 findings stand; "
            "0 of 2 clean evaluations to be resolved."
        ),
        (
            "#abuse by route all: told at 2026-03-02 01:05:00 UTC (first); "
            "next at 2026-03-02 05:05:00 UTC at the earliest (repeat)."
        ),
    ]


def test_names_the_silence_its_owner_reason_and_end() -> None:
    desk = Desk()
    desk.silence(0, 8)
    desk.tick(0, finding(0))
    assert explained(desk, 2).lines()[1:] == [
        "Silenced by ana until 2026-03-02 08:00:00 UTC (s0): a drill",
        (
            "#abuse by route all: not told yet; "
            "next at 2026-03-02 08:00:00 UTC at the earliest (silence_expired)."
        ),
    ]


def test_says_who_acked_it_and_until_when() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.ack(2)
    assert explained(desk, 3).lines()[1:] == [
        "Acked by ana until 2026-03-03 02:00:00 UTC: not repeated.",
        (
            "#abuse by route all: told at 2026-03-02 01:05:00 UTC (first); "
            "next at 2026-03-03 02:00:00 UTC at the earliest (ack_expired)."
        ),
    ]


def test_says_which_alert_inhibits_it() -> None:
    rule = Inhibition(
        "theft", (parse_matcher(f'monitor="{THEFT}"'),), (parse_matcher("product=chat"),), ("harm",)
    )
    desk = Desk()
    desk.set(inhibitions=(rule,))
    desk.tick(0, finding(0, monitor=THEFT), monitor=THEFT)
    desk.tick(0, finding(0))
    assert explained(desk, 2).lines()[1:] == [
        f"Inhibited by alert {desk.alert('a', THEFT).alert_id[:12]}.",
        "#abuse by route all: not told yet; nothing to tell until something changes.",
    ]


def test_says_that_a_shadow_monitor_is_told_to_nobody() -> None:
    desk = Desk(watched={SPAM: Watched(Mode.SHADOW)})
    desk.tick(0, finding(0))
    assert explained(desk, 2).lines()[1:] == [
        "Its monitor is in shadow, or not watched: it is kept and told to nobody."
    ]


def test_says_that_a_stale_source_keeps_it_open_and_that_it_flapped() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    desk.tick(3, finding(3))
    desk.tick(4, status="stale")
    assert explained(desk, 6).standing == (
        "firing since 2026-03-02 04:05:00 UTC, S2; 2 of 2 findings stand; "
        "0 of 2 clean evaluations to be resolved; its monitor's newest evaluation was not "
        "complete, so it stays open; fired again 1 times soon after it was resolved."
    )


def test_an_alert_that_is_not_there_says_so() -> None:
    with pytest.raises(AlertError, match="There is no alert abc that goes on"):
        explain(Desk().state, alert_id="abc", watched={}, now=at(0), config=Desk().config)
