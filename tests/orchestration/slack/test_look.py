from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from monitors.contract import Mode, Severity
from orchestration.alerts.records import Watched
from orchestration.health.history import EVALUATIONS, record
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.tables import alerts, intake, threads
from orchestration.slack.look import group_view
from orchestration.slack.views import GroupView
from tests.orchestration.alerts.builders import SPAM, START, THEFT, evaluation, finding
from tests.support.ledgers import NOON
from tests.support.slack_rooms import Room

A, B, C = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb", "account_cccccccccccc"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def view(room: Room, now: datetime = NOON) -> GroupView:
    thread = room.thread()
    with reading(room.engine) as connection:
        return group_view(connection, room.scene(now), thread, now=now)


def test_a_view_counts_what_stands_and_names_the_worst_first(room: Room) -> None:
    worse = finding(11, C, severity=Severity.S1)
    room.step(12, evaluation(11), found=[finding(11, A), finding(11, B), worse])
    found = view(room)
    assert found.entities[0].entity == C
    assert {entity.entity for entity in found.entities} == {A, B, C}
    assert (found.severity, found.state) == (Severity.S1, "firing")
    assert (found.open, found.total, found.findings) == (3, 3, 3)
    assert (found.since, found.last_seen) == (NOON - HOUR, NOON)
    assert found.state_hash == room.seen()["seen"]
    assert found.why == f"This channel is told of S1 alerts of monitor {SPAM}."


def test_a_monitor_whose_file_is_gone_is_still_named(room: Room) -> None:
    room.fires(A)
    (monitor,) = view(room).monitors
    assert (monitor.id, monitor.version, monitor.mode) == (SPAM, 1, "review")
    assert monitor.behaviour == "Its file is gone."
    room.watched = {}
    assert view(room).monitors[0].mode == "not watched"


@pytest.mark.parametrize(
    ("severity", "who"),
    [
        (Severity.S0, "U0ANN0001"),
        (Severity.S1, "U0ANN0001"),
        (Severity.S2, "ann-1"),
        (Severity.S3, "ann-1"),
    ],
)
def test_who_is_on_call_is_mentioned_where_they_are_to_be_woken(
    room: Room, severity: Severity, who: str
) -> None:
    room.fires(A, severity=severity)
    assert view(room).on_call == who


@pytest.mark.parametrize(("severity", "who"), [(Severity.S1, "U0ANN0001"), (Severity.S2, None)])
def test_for_a_team_without_a_rota_it_is_whom_the_ladder_calls_first(
    room: Room, severity: Severity, who: str | None
) -> None:
    room.watched = {SPAM: Watched(Mode.REVIEW, "team-without-rota")}
    room.fires(A, severity=severity)
    assert view(room).on_call == who


def test_an_ack_and_an_assignment_are_shown(room: Room) -> None:
    room.fires(A)
    room.ack()
    found = view(room)
    assert (found.state, found.acked_by) == ("acked", "ann-1")
    assert found.ack_until == found.due_at == NOON + DAY
    assert found.next_notice_at is None


def test_what_fires_says_when_it_is_told_again(room: Room) -> None:
    room.fires(A)
    assert view(room).next_notice_at == NOON + 4 * HOUR


def test_what_is_resolved_is_shown_as_it_was(room: Room) -> None:
    room.fires(A, B)
    room.tick(12)
    room.tick(13)
    found = view(room, NOON + 3 * HOUR)
    assert (found.state, found.open, found.total, found.findings) == ("resolved", 0, 2, 2)
    assert len(found.entities) == 2


def test_only_twenty_entities_are_shown_and_all_are_counted(room: Room) -> None:
    room.fires(*[f"account_{n:012x}" for n in range(25)])
    found = view(room)
    assert (len(found.entities), found.total) == (20, 25)


def known(room: Room, hours: int, flagged: int, newest: int) -> None:
    """So many hours with so many findings each, and then the newest."""
    rows = [
        {
            **dict.fromkeys(EVALUATIONS, 0),
            "monitor": "mass_dm",
            "partition": NOON - (n + 1) * HOUR,
            "partition_end": NOON - n * HOUR,
            "every": "1h",
            "as_of": NOON,
            "intent": "live",
            "status": "complete",
            "flagged": flagged if n else newest,
            "scored": 1000,
            "seconds": 0.0,
            "drift": "",
            "canary": True,
        }
        for n in range(hours)
    ]
    record(room.scene(NOON).lake, "chat", rows)


def test_how_many_are_usual_comes_from_the_evaluations_of_before(room: Room) -> None:
    known(room, 24 * 21, 2, 9)
    room.fires(A)
    with writing(room.engine) as connection:
        connection.execute(intake.update().values(findings=9))
    found = view(room)
    assert (found.newest, found.window) == (9, "hour")
    assert found.expected == pytest.approx(2, abs=0.5)


def test_while_nobody_can_know_what_is_usual_it_is_not_said(room: Room) -> None:
    room.fires(A)
    with writing(room.engine) as connection:
        connection.execute(intake.update().values(findings=1))
    assert (view(room).newest, view(room).expected) == (1, None)


def test_of_several_monitors_no_rate_is_said(room: Room) -> None:
    room.config = replace(
        room.config, routes=(replace(room.config.routes[0], group_by=("entity_type",)),)
    )
    stolen = finding(11, B, monitor=THEFT)
    room.step(12, evaluation(11), evaluation(11, monitor=THEFT), found=[finding(11, A), stolen])
    found = view(room)
    assert [monitor.id for monitor in found.monitors] == [THEFT, SPAM]
    assert (found.newest, found.products) == (None, ("api", "chat"))


def test_a_thread_that_ended_is_shown_with_those_that_its_notices_named(room: Room) -> None:
    room.fires(A, B)
    with writing(room.engine) as connection:
        connection.execute(threads.update().values(closed_at=START + DAY))
    assert view(room, START + DAY).total == 2


def reviewed(room: Room, n: int, *, true: int, version: int = 1) -> None:
    """Drawn alerts of one version with a label each, so many of them true."""
    entities = [f"account_{number:012}" for number in range(n)]
    room.fires(*entities)
    with writing(room.engine) as connection:
        ids = connection.execute(select(alerts.c.alert_id).order_by(alerts.c.entity)).scalars()
        labels = [
            Label(
                label_id=f"l{number}",
                unit_id=alert_id,
                value=number < true,
                source=Source.RANDOM,
                rater="ana",
                monitor=SPAM,
                monitor_version=version,
                created_at=NOON,
                inclusion_prob=0.2,
                stratum="uniform",
            )
            for number, alert_id in enumerate(ids)
        ]
        write_labels(connection, labels, Act(Actor("ana", "person"), NOON, "reviewed"))


def test_a_measured_precision_is_shown_with_its_sample(room: Room) -> None:
    reviewed(room, 20, true=20)
    (monitor,) = view(room).monitors
    assert monitor.precision == (pytest.approx(0.8609, abs=1e-4), 20)


def test_too_few_reviews_are_no_precision(room: Room) -> None:
    reviewed(room, 13, true=13)
    assert view(room).monitors[0].precision is None


def test_a_precision_of_last_quarter_is_not_shown(room: Room) -> None:
    reviewed(room, 20, true=20)
    assert view(room, NOON + 31 * DAY).monitors[0].precision is None
