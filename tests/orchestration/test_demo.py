"""What the demo evaluates and how it sums up; the whole of it runs in `tests/test_demo.py`."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitors.registry import registry
from orchestration.demo import Leg, legs, summaries
from orchestration.evaluation import Run, evaluate_span
from orchestration.health.history import record, row
from orchestration.jobs import DAILY_TICK, HOURLY_TICK
from orchestration.lake import Lake
from orchestration.pseudonyms import Pseudonyms
from tests.support.lakes import at, put, span

MONITORS = registry().watching()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Requests of web on the third, a sign-in on the second, and a prompt on the fifth."""
    found = Lake(str(tmp_path / "lake"))
    put(found, "web", "api_requests", [{"occurred_at": at("2026-03-03T10:30"), "ip": "192.0.2.7"}])
    login = {"occurred_at": at("2026-03-02T08:00"), "account_id": "ann", "succeeded": True}
    put(found, "accounts", "logins", [{**login, "device_id": "d"}])
    put(found, "chat", "prompts", [{"occurred_at": at("2026-03-05T23:30"), "account_id": "ann"}])
    return found


def test_each_product_with_events_is_evaluated_up_to_its_newest(lake: Lake) -> None:
    planned = legs(lake, MONITORS, week=False)
    assert planned[:2] == [
        Leg("accounts", DAILY_TICK, span("2026-03-01", "2026-03-03")),
        Leg("accounts", HOURLY_TICK, span("2026-03-01T09:00", "2026-03-02T09:00")),
    ]
    assert [leg.product for leg in planned[::2]] == ["accounts", "chat", "web", "platform"]


def test_platform_is_evaluated_up_to_the_newest_event_that_its_monitors_read(lake: Lake) -> None:
    daily, hourly = [
        leg.span for leg in legs(lake, MONITORS, week=False) if leg.product == "platform"
    ]
    assert daily == span("2026-03-02", "2026-03-04")
    assert hourly == span("2026-03-02T11:00", "2026-03-03T11:00")


def test_a_week_is_seven_days_and_all_their_hours(lake: Lake) -> None:
    spans = [leg.span.end - leg.span.start for leg in legs(lake, MONITORS, week=True)]
    assert set(spans) == {timedelta(days=7)}


def test_a_lake_without_events_has_nothing_to_evaluate(tmp_path: Path) -> None:
    assert legs(Lake(str(tmp_path)), MONITORS, week=False) == []


def test_what_platform_has_not_is_null_and_what_a_product_has_not_is_zero(
    lake: Lake, tmp_path: Path
) -> None:
    day = span("2026-03-02", "2026-03-03")
    for product in ("accounts", "platform"):
        mine = [m for m in MONITORS.monitors.values() if (m.product, m.every) == (product, "1d")]
        done = [made for m in mine for made in evaluate_span(Run(lake, at("2026-03-06")), m, day)]
        record(lake, product, [row(made, drift="usual", canary=True) for made in done])
    planned = [Leg(product, DAILY_TICK, day) for product in ("accounts", "platform")]
    accounts, platform = summaries(lake, Pseudonyms(tmp_path), planned, {"platform": 1.5})
    assert (accounts.events, accounts.quarantined) == (1, 0)
    assert (platform.events, platform.quarantined) == (None, None)
    assert (platform.monitors, platform.failed, platform.findings) == (2, 0, 0)
    assert (platform.top, platform.seconds) == ((), 1.5)
