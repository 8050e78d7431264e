import json
from datetime import date, time
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.oncall.hours import Hours
from orchestration.triage.clock import Goals, Sla, due
from orchestration.triage.desks import appeal_sla, sla_of
from orchestration.triage.errors import TriageError
from orchestration.triage.sla_json import of_json, to_json
from tests.orchestration.triage.builders import LONDON, LOS_ANGELES, QUEUES, UNHURRIED, parse, utc

GOALS = st.builds(
    lambda first, more, pauses: Goals(first, first + more, pauses),
    st.integers(1, 5000),
    st.integers(0, 5000),
    st.booleans(),
)
HOURS = st.builds(
    Hours,
    st.sampled_from(("office", "night")),
    st.sampled_from((LONDON, LOS_ANGELES)),
    st.sampled_from((time(), time(9), time(22, 30))),
    st.sampled_from((time(6), time(17), time(23, 59))),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=5),
)
SLAS = st.builds(lambda hours, goals: Sla("some", hours, goals), HOURS, st.tuples(*[GOALS] * 4))


@UNHURRIED
@given(SLAS)
def test_a_stored_sla_is_read_back_as_it_was(promised: Sla) -> None:
    assert of_json(json.loads(json.dumps(to_json(promised)))) == promised


def test_later_edits_of_the_file_leave_a_stored_clock_alone() -> None:
    stored = json.dumps(to_json(sla_of(parse(), "general")))
    edited = parse(QUEUES.replace("S3: {first_action: 24h", "S3: {first_action: 8h")
                   .replace("resolve: 80h", "resolve: 16h"))  # fmt: skip
    started = utc("2026-03-02T09:00")
    kept, now = of_json(json.loads(stored)), sla_of(edited, "general")
    assert due(kept, Severity.S3, started, ()) == utc("2026-03-13T17:00")
    assert due(now, Severity.S3, started, ()) == utc("2026-03-03T17:00")


def test_an_appeal_is_promised_what_the_file_says_in_business_time() -> None:
    promised = appeal_sla(parse())
    assert due(promised, Severity.S2, utc("2026-03-02T09:00"), ()) == utc("2026-03-06T17:00")


def test_a_queue_that_is_not_there_is_refused() -> None:
    with pytest.raises(TriageError, match="There is no queue 'nowhere'; there are child-safety, "):
        sla_of(parse(), "nowhere")


WHOLE = to_json(sla_of(parse(), "general"))


@pytest.mark.parametrize(
    "damage",
    [
        {"hours": None},
        {"hours": {**WHOLE["hours"], "zone": "Europe/Nowhere"}},
        {"hours": {**WHOLE["hours"], "open": "9"}},
        {"hours": {**WHOLE["hours"], "weekdays": ["someday"]}},
        {"hours": {**WHOLE["hours"], "zone": "../../etc/passwd"}},
        {"goals": {"S0": WHOLE["goals"]["S0"]}},
        {"goals": WHOLE["goals"] | {"S1": {"first_action": 9, "resolve": 1, "pauses": False}}},
        {"goals": WHOLE["goals"] | {"S1": {"minutes": 9}}},
    ],
)
def test_a_damaged_store_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(TriageError, match=r"wanted what to_json gives\. Verify"):
        of_json(WHOLE | damage)
