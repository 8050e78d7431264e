# ruff: noqa: RUF001 - characters that look alike are what is tested

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitors.contract import Severity
from orchestration.alerts.records import Reason
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.message import Message
from orchestration.slack.replies import act_reply, reply
from orchestration.slack.sample_views import ACKED, FIRST, RESTRICTED
from orchestration.slack.views import ActView, GroupState, GroupView, NoticeView, Verb

AT = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)
UNTIL = datetime(2026, 11, 22, 7, 5, tzinfo=UTC)
REASONS = [reason for reason in Reason if reason is not Reason.STORM]


def told(reason: Reason, view: GroupView = FIRST, *, note: str = "", **changes: int) -> Message:
    counts = {Reason(name): count for name, count in changes.items()}
    notice = NoticeView(reason, counts, AT, "ana", note)
    return reply(view, notice, outbox_id="ob_1", thread_ts="1.000001")


def did(verb: Verb, view: GroupView = FIRST, *, note: str = "") -> str:
    act = ActView(verb, "ana", AT, 3, UNTIL, note)
    made = act_reply(view, act, outbox_id="ob_1", thread_ts="1.000001")
    text: str = made.blocks[0]["text"]["text"]
    return text


@pytest.mark.parametrize("reason", REASONS)
def test_a_reply_stands_in_its_thread_and_only_a_rise_is_broadcast(reason: Reason) -> None:
    payload = told(reason, **{reason.value: 1}).payload()
    assert payload["thread_ts"] == "1.000001"
    assert payload["reply_broadcast"] is (reason is Reason.ESCALATED)


@pytest.mark.parametrize("verb", Verb)
def test_an_act_is_never_broadcast(verb: Verb) -> None:
    act = ActView(verb, "ana", AT, 1)
    assert not act_reply(FIRST, act, outbox_id="ob_1", thread_ts="1.000001").reply_broadcast


def test_a_storm_has_no_thread() -> None:
    with pytest.raises(SlackMessageError, match="has no thread"):
        told(Reason.STORM)


def test_a_rise_says_the_new_severity_in_words() -> None:
    made = told(Reason.ESCALATED, replace(FIRST, severity=Severity.S0), escalated=1)
    said = made.blocks[0]["text"]["text"]
    assert said.startswith("*Card testing: accounts. Severity rose to S0, imminent harm.*")
    assert made.text.startswith("S0, imminent harm. Card testing: accounts. Severity rose")


def test_what_else_changed_is_counted() -> None:
    said = told(Reason.ESCALATED, escalated=1, new_in_group=2, resolved=1, repeat=0).blocks[0]
    assert said["text"]["text"].endswith("Also: 2 new and 1 resolved.")


def test_the_end_of_all_is_told_apart_from_the_end_of_some() -> None:
    over = told(Reason.RESOLVED, replace(FIRST, state="resolved", open=0), resolved=3)
    some = told(Reason.RESOLVED, resolved=1)
    assert over.blocks[0]["text"]["text"] == "*Over: everything here is resolved.*"
    assert some.blocks[0]["text"]["text"].startswith("*1 alert resolved.* Now 3 devices open")


def test_an_ack_that_ended_names_whose_it_was() -> None:
    said = told(Reason.ACK_EXPIRED, ack_expired=2).blocks[0]["text"]["text"]
    assert said.startswith("*ana’s ack ended; 2 alerts still firing. Who takes over?*")


def test_a_note_is_below_and_escaped() -> None:
    said = told(Reason.AMENDED, note="see <!here>", amended=1).blocks[0]["text"]["text"]
    assert said.endswith("\nsee &lt;!here&gt;")


def test_a_reply_that_comes_late_says_so() -> None:
    late = replace(FIRST, delayed=timedelta(minutes=16))
    first = told(Reason.REPEAT, late, repeat=1).blocks[0]
    assert first["elements"][0]["text"].startswith("*Delayed by 16 min.*")


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (Verb.ACK, "ana acked 3 alerts until <!date^1795331100^"),
        (Verb.ASSIGN, "ana takes 3 alerts."),
        (Verb.SNOOZE, "ana snoozed 3 alerts until <!date^1795331100^"),
        (Verb.UNSNOOZE, "ana ended the snooze of 3 alerts."),
        (Verb.FALSE_POSITIVE, "ana proposed 3 alerts as false positive, to be reviewed."),
        (Verb.LOWER_SEVERITY, "ana lowered 3 alerts to S1, urgent."),
    ],
)
def test_an_act_is_one_sentence(verb: Verb, said: str) -> None:
    assert did(verb).startswith(said)


def test_a_notification_of_an_act_has_its_time_in_utc() -> None:
    act = ActView(Verb.ACK, "ana", AT, 3, UNTIL)
    made = act_reply(ACKED, act, outbox_id="ob_1", thread_ts="1.000001")
    assert "ana acked 3 alerts until 22 Nov 07:05 UTC." in made.text


def test_the_reason_of_an_act_is_told() -> None:
    assert did(Verb.LOWER_SEVERITY, note="one *sender*").endswith("\nReason: one ∗sender∗")


@pytest.mark.parametrize("reason", REASONS)
def test_a_restricted_thread_says_nothing_of_its_content(reason: Reason) -> None:
    payload = str(told(reason, RESTRICTED, note="A name", **{reason.value: 7}).payload())
    for secret in ("chat", "account_", "self_harm_concern", "finding", "A name", "7 ", DAGSTER):
        assert secret not in payload


@pytest.mark.parametrize(
    ("reason", "state", "said"),
    [
        (Reason.RESOLVED, "firing", "Part of it is resolved; the rest still fires."),
        (Reason.RESOLVED, "acked", "Part of it is resolved; the rest is acked."),
        (Reason.RESOLVED, "resolved", "All of it is resolved."),
        (Reason.RETRACTED, "firing", "Part of it was taken back; the rest still fires."),
        (Reason.RETRACTED, "resolved", "All of it was taken back or is resolved."),
        (Reason.FLAPPING, "firing", "Part of it fired again soon after being resolved."),
        (Reason.FLAPPING, "resolved", "All of it is resolved."),
        (Reason.NEW_IN_GROUP, "acked", "There is more of it. What still fires is acked."),
        (Reason.REPEAT, "firing", "It went on unanswered. It still fires."),
    ],
)
def test_a_restricted_thread_tells_a_part_from_all_without_counts(
    reason: Reason, state: GroupState, said: str
) -> None:
    view = replace(RESTRICTED, state=state)
    assert said in told(reason, view, **{reason.value: 7}).blocks[0]["text"]["text"]


@pytest.mark.parametrize("reason", REASONS)
def test_of_a_restricted_group_that_has_ended_nothing_is_said_to_fire(reason: Reason) -> None:
    over = replace(RESTRICTED, state="resolved", open=0)
    assert "still fires" not in str(told(reason, over, **{reason.value: 1}).payload())


def test_an_act_on_a_restricted_group_says_who_has_it_and_no_count() -> None:
    assert did(Verb.ASSIGN, RESTRICTED) == "ana takes this."


def test_the_reason_of_an_act_on_a_restricted_group_stays_in_the_case() -> None:
    assert "A name" not in did(Verb.LOWER_SEVERITY, RESTRICTED, note="A name")


DAGSTER = "dagster.example.com"
