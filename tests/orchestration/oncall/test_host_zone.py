from collections.abc import Iterator

import pytest

from monitors.contract import Severity
from orchestration.oncall.delivery import told_at
from orchestration.oncall.hours import business_due
from orchestration.oncall.ladders import due_steps
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota import ladder_for, next_handover, shifts
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.oncall.builders import LOS_ANGELES, ROOT, nine_to_five, utc
from tests.support.host_zones import ZONES, host_in

SHIPPED = ROOT / "orchestration"


@pytest.fixture(params=ZONES)
def _host(request: pytest.FixtureRequest) -> Iterator[None]:
    with host_in(request.param):
        yield


@pytest.mark.usefixtures("_host")
def test_the_hosts_zone_changes_nothing() -> None:
    people = parse_people((SHIPPED / "people.yaml").read_text(encoding="utf-8"))
    rota = parse_rota((SHIPPED / "rota.yaml").read_text(encoding="utf-8"), people)
    at = utc("2026-03-28T12:00")
    week = shifts(rota, "chat-safety", at, utc("2026-04-06T00:00"))
    assert [shift.start for shift in week] == [at, utc("2026-03-30T09:00")]
    assert next_handover(rota, "platform-integrity", at) == utc("2026-03-29T08:00")
    assert told_at(rota.delivery, Severity.S2, at) == utc("2026-03-30T08:00")
    assert told_at(rota.delivery, Severity.S3, at) == utc("2026-03-29T08:00")
    start = utc("2026-03-07T00:30")
    assert business_due(nine_to_five(LOS_ANGELES), start, 60) == utc("2026-03-09T16:30")
    ladder = ladder_for(rota, Severity.S2, "chat-safety")
    assert ladder is not None
    assert due_steps(ladder, at, at, 0).next_at == utc("2026-03-30T08:00")
