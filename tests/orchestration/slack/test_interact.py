import logging
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.alerts.rules import Config
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import alerts, labels, silences
from orchestration.outbox.drain import Drained
from tests.orchestration.alerts.builders import HOUR
from tests.support.slack_rooms import CHANNEL, Room, text_of
from tests.support.slack_server import refused

A, B, C = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb", "account_cccccccccccc"
ANN, BOB, CAT, EVE = "U0ANN0001", "U0BOB0002", "U0CAT0003", "U0EVE0009"


@pytest.fixture
def told(room: Room) -> Room:
    """A room that was told of two alerts."""
    room.fires(A, B)
    room.drain()
    return room


def states(room: Room) -> list[AlertState]:
    return [alert.state for alert in room.alerts()]


def ends_of(room: Room) -> list[timedelta]:
    """For how long each silence lasts."""
    with reading(room.engine) as connection:
        rows = connection.execute(select(silences.c.starts_at, silences.c.ends_at)).all()
    return [ends - starts for starts, ends in rows]


def submission(view: dict[str, Any], *chosen: str, code: str = "test") -> dict[str, Any]:
    options = [{"value": alert_id} for alert_id in chosen]
    values = {
        "entities_0": {"entities": {"type": "checkboxes", "selected_options": options}},
        "code": {"code": {"type": "static_select", "selected_option": {"value": code}}},
    }
    return {
        "type": "view_submission",
        "trigger_id": "2.1",
        "user": {"id": ANN},
        "view": {**view, "state": {"values": values}},
    }


def test_an_ack_is_done_answered_and_then_shown_to_all(told: Room) -> None:
    told.interactions().handle(told.press("ack"))
    assert states(told) == [AlertState.ACKED, AlertState.ACKED]
    (answer,) = told.answers()
    assert answer.startswith(f"{ANN}: Done: ann-1 acked 2 alerts until ")
    assert told.drain() == Drained(sent=1)
    assert "*Acked by ann-1.*" in text_of(told.parents()[0])
    assert "ann-1 acked 2 alerts" in text_of(told.replies()[0])


def test_a_group_is_assigned_to_who_pressed(told: Room) -> None:
    told.interactions().handle(told.press("assign", BOB))
    assert told.answers() == [f"{BOB}: Done: bob-2 takes 2 alerts."]
    assert told.thread().assigned_to == "bob-2"
    told.drain()
    assert "*Assigned to bob-2.*" in text_of(told.parents()[0])


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("U0NOBODY1", "No person has that Slack id; ask an admin to add it to people"),
        (EVE, "eve-9 has the roles viewer, none of which may 'ack'; wanted one of "),
    ],
)
def test_who_may_not_is_told_why_and_nothing_is_done(told: Room, user: str, why: str) -> None:
    before = told.everything()
    told.interactions().handle(told.press("ack", user))
    (answer,) = told.answers()
    assert answer.startswith(f"{user}: Nothing was done. {why}")
    assert told.everything() == before


def test_a_click_on_what_has_changed_names_who_did_what_and_shows_what_is_now(told: Room) -> None:
    old = told.press("ack", BOB)
    told.interactions().handle(told.press("ack"))
    told.interactions().handle(old)
    answer = told.answers()[1]
    assert answer.startswith(
        f"{BOB}: Nothing was done: this changed before your click. ann-1 acked"
    )
    assert [entry.actor for entry in told.audit("ack")] == ["ann-1"] * 3  # two alerts, one thread
    assert "*Acked by ann-1.*" in text_of(told.parents()[0])  # though nothing was drained
    assert told.thread().shown == told.seen()["seen"]


def test_a_click_on_what_ended_untold_is_refused_and_the_message_renewed(told: Room) -> None:
    told.config = Config((replace(told.config.routes[0], group_interval=4 * HOUR),))
    told.tick(12)
    told.tick(13)  # clean again, and told of in the evening
    assert states(told) == [AlertState.RESOLVED, AlertState.RESOLVED]
    told.interactions().handle(told.press("ack"))
    (answer,) = told.answers()
    assert "Nothing was done: this changed before your click. There is news" in answer
    assert "[S2, resolved] Mass dm: chat" in text_of(told.parents()[0])


def test_a_renewal_that_slack_refuses_does_not_keep_the_answer_back(
    told: Room, caplog: pytest.LogCaptureFixture
) -> None:
    old = told.press("assign", BOB)
    told.interactions().handle(told.press("assign"))
    told.slack.fail("chat.update", refused("message_not_found"))
    told.interactions().handle(old)
    assert "ann-1 takes" in told.answers()[1]
    assert "was not renewed: message_not_found" in caplog.text


def test_of_two_people_at_once_one_has_it_and_the_other_hears_of_it(told: Room) -> None:
    both = threading.Barrier(2)

    def press(user: str) -> None:
        clicked, interactions = told.press("ack", user), told.interactions()
        both.wait()
        interactions.handle(clicked)

    people = [threading.Thread(target=press, args=[user]) for user in (ANN, BOB)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    done = [answer for answer in told.answers() if "Done:" in answer]
    other = [answer for answer in told.answers() if "Nothing was done" in answer]
    assert (len(done), len(other)) == (1, 1)
    winner = {ANN: "ann-1", BOB: "bob-2"}[done[0].partition(":")[0]]
    assert f"{winner} acked" in other[0]
    assert len(told.acts()) == 1


def test_the_same_click_handled_by_another_process_does_nothing_more(told: Room) -> None:
    clicked = told.press("ack")
    told.interactions().handle(clicked)
    before = told.everything()
    told.interactions().handle(clicked)
    first, second = told.answers()
    assert first == second
    assert told.everything() == before


def test_the_dialogue_lists_all_and_has_chosen_none(told: Room) -> None:
    told.interactions().handle(told.press("false_positive"))
    (opened,) = told.slack.shown
    view = opened["view"]
    (listed,) = [block for block in view["blocks"] if block.get("block_id") == "entities_0"]
    options = {option["value"] for option in listed["element"]["options"]}
    assert options == {alert.alert_id for alert in told.alerts()}
    assert "initial_option" not in text_of(view)
    assert opened["trigger_id"] == "1.1"


def test_only_what_was_chosen_becomes_a_candidate_for_a_label(told: Room) -> None:
    told.interactions().handle(told.press("false_positive"))
    view = told.slack.shown.pop()["view"]
    chosen = told.alert(B).alert_id
    told.interactions().handle(submission(view, chosen))
    rows = select(labels.c.unit_id, labels.c.source, labels.c.code, labels.c.rater)
    with reading(told.engine) as connection:
        found = [tuple(row) for row in connection.execute(rows)]
    assert found == [(chosen, "candidate", "test", "ann-1")]
    assert states(told) == [AlertState.FIRING, AlertState.FIRING]
    (answer,) = told.answers()
    assert "Done: ann-1 proposed 1 alert as false positive" in answer
    told.drain()
    assert "proposed 1 alert as false positive" in text_of(told.replies()[0])


def test_a_dialogue_without_a_choice_is_answered_beside_its_list(told: Room) -> None:
    told.interactions().handle(told.press("false_positive"))
    sent = submission(told.slack.shown.pop()["view"])
    errors = {"entities_0": "Choose at least one, or cancel."}
    wrong = {"response_action": "errors", "errors": errors}
    assert told.interactions().answer(sent) == wrong
    assert told.interactions().answer(told.press("ack")) is None


def test_alerts_of_another_thread_are_refused(told: Room) -> None:
    told.interactions().handle(told.press("false_positive"))
    told.interactions().handle(submission(told.slack.shown.pop()["view"], "not-of-it"))
    assert "Nothing was done. 1 of 1 alerts are not of this thread" in told.answers()[0]
    assert told.rows("labels") == []


def test_a_dialogue_that_came_too_late_is_asked_for_again(
    told: Room, caplog: pytest.LogCaptureFixture
) -> None:
    told.slack.fail("views.open", refused("expired_trigger_id"))
    told.interactions().handle(told.press("false_positive"))
    (answer,) = told.answers()
    assert answer.endswith("Slack did not open the dialogue; press the button again.")
    assert "expired_trigger_id" in caplog.text


@pytest.mark.parametrize(
    ("severity", "choice", "minutes"),
    [
        (Severity.S2, "15m", 15),
        (Severity.S2, "1h", 60),
        (Severity.S2, "shift", 360),  # the shift ends at 18:00
        (Severity.S0, "shift", 120),  # no more than two hours of S0
    ],
)
def test_a_snooze_lasts_as_chosen_and_no_longer_than_the_severity_allows(
    room: Room, severity: Severity, choice: str, minutes: int
) -> None:
    room.fires(A, severity=severity)
    room.drain()
    room.interactions().handle(room.press(f"snooze:{choice}"))
    assert f"{ANN}: Done: ann-1 snoozed 1 alert until" in room.answers()[0]
    assert ends_of(room) == [timedelta(minutes=minutes)]
    room.drain()
    assert "Muted: silence s-" in text_of(room.parents()[0])


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ("shift", "You are in no team with a rota; snooze for a time instead."),
        ("always", "There is no such button any more"),
    ],
)
def test_a_snooze_without_an_end_is_refused(told: Room, choice: str, why: str) -> None:
    told.interactions().handle(told.press(f"snooze:{choice}", CAT))
    assert f"{CAT}: Nothing was done. {why}" in told.answers()[0]
    assert ends_of(told) == []


def test_a_restricted_group_has_no_dialogue(told: Room) -> None:
    clicked = told.press("false_positive")
    with writing(told.engine) as connection:
        connection.execute(alerts.update().values(harm="child_safety"))
    told.interactions().handle(clicked)
    (answer,) = told.answers()
    assert "is restricted" in answer
    assert A not in answer


def test_a_thread_that_is_not_there_is_an_answer(told: Room) -> None:
    clicked = told.press("ack")
    clicked["actions"][0]["value"] = "no-thread|ab12"
    told.interactions().handle(clicked)
    assert "There is no thread of that id" in told.answers()[0]


def test_an_act_stands_though_its_answer_does_not_arrive(
    told: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    told.slack.fail("chat.postEphemeral", refused("user_not_in_channel"))
    told.interactions().handle(told.press("ack"))
    assert told.answers() == []
    assert states(told) == [AlertState.ACKED, AlertState.ACKED]
    assert "The answer to a click did not arrive: user_not_in_channel." in caplog.text
    assert CHANNEL not in caplog.text
