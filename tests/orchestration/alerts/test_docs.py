import re
from pathlib import Path

from monitors.contract import Severity
from orchestration.alerts.config import parse_config
from orchestration.alerts.records import AlertState, Reason
from orchestration.alerts.rules import Config
from tests.orchestration.alerts.builders import Desk, finding

PAGE = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")
SETTINGS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]


def told(desk: Desk) -> list[tuple[str, str]]:
    """Receivers and reasons since the last time this was asked."""
    new = sorted((intent.receiver, intent.reason.value) for intent in desk.told)
    desk.told.clear()
    return new


def test_the_page_shows_settings_that_are_the_defaults() -> None:
    shown, default = parse_config(SETTINGS), Config(Desk().config.routes)
    for name in ("resolve_after", "flap_window", "quiet", "storm", "horizon", "memory"):
        assert getattr(shown, name) == getattr(default, name)
    assert (shown.ack_for, shown.max_silence) == (default.ack_for, default.max_silence)


def test_the_page_names_every_reason() -> None:
    assert all(f"`{reason.value}`" in PAGE for reason in Reason)


def test_the_pages_example_is_what_happens() -> None:
    desk = Desk(config=parse_config(SETTINGS))
    desk.tick(9, finding(9))
    assert told(desk) == [("C0ABUSE", "first")]
    desk.tick(10, finding(10))
    desk.ack(11 + 1 / 3)
    assert (desk.alert().state, told(desk)) == (AlertState.ACKED, [])
    desk.tick(11, finding(11, severity=Severity.S1))
    assert told(desk) == [("C0URGENT", "escalated")]
    desk.tick(12)
    assert told(desk) == [("C0URGENT", "repeat")]
    desk.tick(13, status="stale")
    assert (desk.alert().state, told(desk)) == (AlertState.FIRING, [("C0URGENT", "repeat")])
    desk.tick(14)
    assert desk.alert().state == AlertState.RESOLVED
    assert told(desk) == [("C0ABUSE", "resolved"), ("C0URGENT", "resolved")]
    desk.tick(16, finding(16, severity=Severity.S1))
    assert (desk.alert().flaps, told(desk)) == (1, [("C0URGENT", "flapping")])
