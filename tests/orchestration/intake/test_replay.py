from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from monitors.contract import Mode, Severity
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.records import Evaluation, Finding, Reason, Watched
from orchestration.alerts.rules import Config, Route
from orchestration.intake.manifests import Evaluated
from orchestration.intake.replay import Replayed, replay
from tests.orchestration.alerts.builders import (
    HOURLY,
    SPAM,
    START,
    THEFT,
    WATCHED,
    Desk,
    at,
    evaluation,
    finding,
)

CONFIG = Config(
    (
        Route("urgent", "C0URGENT", (parse_matcher("severity=~S0|S1"),)),
        replace(HOURLY, receiver="C0ABUSE"),
    )
)


def ran(*evaluated: tuple[Evaluation, Sequence[Finding]], **changed: object) -> Replayed:
    more = {"start": START, "end": at(24), "watched": WATCHED, "config": CONFIG, **changed}
    found = [Evaluated(run, tuple(findings)) for run, findings in evaluated]
    return replay(found, **more)  # type: ignore[arg-type]


def notices(found: Replayed) -> list[tuple[float, str, str]]:
    return [
        ((n.at - START) / timedelta(hours=1), n.intent.receiver, n.intent.reason.value)
        for n in found.notices
    ]


def hours(first: int, last: int) -> list[tuple[Evaluation, Sequence[Finding]]]:
    return [(evaluation(hour), ()) for hour in range(first, last)]


def test_a_quiet_span_tells_nobody_anything() -> None:
    found = ran(*hours(0, 24))
    assert (found.evaluations, found.findings, found.alerts) == (24, 0, 0)
    assert (found.notices, found.tallies) == ((), ())


def test_tells_what_the_reducer_would_have_told_hour_by_hour() -> None:
    life = [
        (evaluation(0), [finding(0)]),
        (evaluation(1), [finding(1)]),
        *hours(2, 6),
        (evaluation(6), [finding(6, severity=Severity.S1)]),
        *hours(7, 24),
    ]
    desk = Desk(config=CONFIG)
    for run, found in life:
        desk.tick(int((run.partition - START) / timedelta(hours=1)), *found)
    replayed = ran(*reversed(life), end=at(25))
    assert [notice.intent for notice in replayed.notices] == desk.told
    assert (replayed.findings, replayed.alerts) == (3, 1)


def test_sums_by_receiver_and_route() -> None:
    found = ran(
        (evaluation(0), [finding(0, "a"), finding(0, "b", severity=Severity.S1)]),
        (evaluation(1), [finding(1, "a"), finding(1, "b", severity=Severity.S1)]),
        (evaluation(2), [finding(2, "b", severity=Severity.S1)]),
        *hours(3, 4),
        (evaluation(4), [finding(4, "b", severity=Severity.S1)]),
        end=at(9),
    )
    assert notices(found) == [
        (1 + 1 / 12, "C0ABUSE", "first"),
        (1 + 1 / 12, "C0URGENT", "first"),
        (4 + 1 / 12, "C0ABUSE", "resolved"),
        (5 + 1 / 12, "C0URGENT", "repeat"),
    ]
    abuse, urgent = found.tallies
    assert (abuse.receiver, abuse.route, abuse.notices, abuse.alerts) == ("C0ABUSE", "all", 2, 1)
    assert (abuse.pages, abuse.duplicates, abuse.auto_resolved) == (0, 1, 1.0)
    assert abuse.reasons == {Reason.FIRST: 1, Reason.RESOLVED: 1}
    # Nine hours are two shifts.
    assert (urgent.pages, urgent.per_shift, urgent.busiest) == (2, 1.0, 2)
    assert (urgent.duplicates, urgent.auto_resolved, urgent.storms) == (3, 0.0, 0)


def test_what_a_backfill_ran_counts_as_run_in_its_own_time() -> None:
    late = evaluation(0, intent="replay", as_of=at(700))
    assert notices(ran((late, [finding(0)]))) == [
        (1 + 1 / 12, "C0ABUSE", "first"),
        *((1 + 1 / 12 + 4 * n, "C0ABUSE", "repeat") for n in range(1, 6)),
    ]


def test_only_partitions_that_end_in_the_span_count() -> None:
    found = ran(
        (evaluation(0), [finding(0, "a")]),
        (evaluation(1), [finding(1, "b")]),
        (evaluation(2), [finding(2, "c")]),
        start=at(1),
        end=at(2),
    )
    assert (found.evaluations, found.findings, found.alerts) == (1, 1, 1)


def test_other_routes_tell_others() -> None:
    life = [(evaluation(0), [finding(0, severity=Severity.S1)]), *hours(1, 4)]
    other = Config((replace(HOURLY, receiver="C0OTHER", send_resolved=False),))
    assert {n.intent.receiver for n in ran(*life).notices} == {"C0URGENT"}
    assert notices(ran(*life, config=other, end=at(4))) == [(1 + 1 / 12, "C0OTHER", "first")]


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.DRAFT])
def test_nobody_hears_of_a_monitor_in_shadow(mode: Mode) -> None:
    found = ran((evaluation(0), [finding(0)]), watched={SPAM: Watched(mode)})
    assert (found.alerts, found.notices) == (1, ())


def test_a_storm_is_one_notice_and_its_alerts_count_where_they_belong() -> None:
    config = Config((replace(HOURLY, receiver="C0ABUSE", group_by=("entity",)),), storm=2)
    found = ran((evaluation(0), [finding(0, entity) for entity in "abc"]), end=at(2), config=config)
    assert notices(found) == [(1 + 1 / 12, "C0ABUSE", "storm")]
    of_storm, of_route = found.tallies
    assert (of_storm.route, of_storm.storms, of_storm.alerts) == ("", 1, 0)
    assert (of_route.route, of_route.notices, of_route.alerts) == ("all", 0, 3)
    assert of_storm.auto_resolved is None


def test_several_monitors_are_taken_in_at_one_time() -> None:
    found = ran(
        (evaluation(0), [finding(0)]),
        (evaluation(0, monitor=THEFT), [finding(0, monitor=THEFT)]),
        end=at(2),
    )
    assert len(found.notices) == 2
    assert found.tallies[0].alerts == 2
