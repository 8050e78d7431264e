from collections.abc import Iterator
from datetime import datetime

import pytest

from monitors.contract import Severity
from orchestration.oncall.walls import Span
from orchestration.triage.clock import Clock, due, remaining, share_used
from orchestration.triage.inflow import weeks_before
from orchestration.triage.reports import report_key
from orchestration.triage.sla_json import of_json, to_json
from tests.orchestration.triage.builders import HOUR, LOS_ANGELES, MINUTE, sla, utc
from tests.support.host_zones import ZONES, host_in


@pytest.fixture(params=ZONES)
def _host(request: pytest.FixtureRequest) -> Iterator[None]:
    with host_in(request.param):
        yield


@pytest.mark.usefixtures("_host")
def test_the_hosts_zone_changes_nothing() -> None:
    promised = of_json(to_json(sla(LOS_ANGELES, 60)))
    start = datetime(2026, 3, 6, 16, 30, tzinfo=LOS_ANGELES)
    stopped = ((utc("2026-03-07T00:40"), utc("2026-03-07T00:50")),)
    assert due(promised, Severity.S2, start, ()) == utc("2026-03-09T16:30")
    assert due(promised, Severity.S2, start, stopped) == utc("2026-03-09T16:40")
    now = utc("2026-03-09T16:10")
    assert remaining(promised, Severity.S2, Clock(start, stopped), now) == 30 * MINUTE
    assert share_used(promised, Severity.S2, Clock(start, stopped), now) == 0.5
    shift = Span(utc("2026-03-09T16:00"), utc("2026-03-09T17:00"))
    before = utc("2026-03-02T17:30")  # clocks went forward in between
    weeks = weeks_before([before], before - HOUR, shift, LOS_ANGELES, now)
    assert weeks == [(1,)]
    assert report_key("r1", "t1", "spam", now) == report_key("r1", "t1", "spam", now + HOUR)
