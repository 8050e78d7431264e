"""One message of each kind, from a made-up night, for `watchfloor slack preview`."""

from dataclasses import dataclass, replace

from monitors.contract import Severity
from orchestration.alerts.records import Reason
from orchestration.slack.demotion import demotion
from orchestration.slack.digests import digest, handover, storm
from orchestration.slack.escalation import escalation
from orchestration.slack.health import health
from orchestration.slack.message import Message, Payload
from orchestration.slack.modals import false_positive_modal
from orchestration.slack.parent import parent
from orchestration.slack.replies import act_reply, reply
from orchestration.slack.route_test import route_test
from orchestration.slack.sample_views import (
    ACKED,
    CALLED,
    DAILY,
    DAY,
    DELAYED,
    DEMOTED,
    FIRST,
    LADDER,
    NIGHT,
    RESOLVED,
    RESTRICTED,
    RISEN,
    SHIFT,
    STORM,
    TESTED,
    UNWELL,
    WELL,
    entities,
)
from orchestration.slack.views import ActView, GroupView, NoticeView, Verb

INCIDENT = "incident_51ab7c20d9f30b1e"
TS = "1763780700.000100"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message under its heading, with the replies below it."""

    title: str
    message: Message
    replies: tuple[Message, ...] = ()


def _notice(view: GroupView, reason: Reason, number: int, note: str = "", **more: int) -> Message:
    changes = {reason: number, **{Reason(name): n for name, n in more.items()}}
    actor = "ana" if reason is Reason.ACK_EXPIRED else None
    notice = NoticeView(reason, changes, NIGHT, actor, note)
    return reply(view, notice, outbox_id=f"ob_{reason}", thread_ts=TS)


def _act(
    view: GroupView, verb: Verb, number: int, *, until: bool = True, note: str = ""
) -> Message:
    about = INCIDENT if verb is Verb.INCIDENT else ""
    act = ActView(verb, "ana", NIGHT, number, NIGHT + DAY if until else None, note, about)
    return act_reply(view, act, outbox_id=f"ob_{verb}", thread_ts=TS)


def samples() -> dict[str, Sample]:
    """Every kind of message, by its short name, in the order of a night."""
    return {**_one_alert(), **_its_end(), **_other_groups(), **_summaries()}


def _one_alert() -> dict[str, Sample]:
    return {
        "first": Sample(
            "Something happens",
            parent(FIRST, outbox_id="ob_first"),
            (
                _notice(FIRST, Reason.NEW_IN_GROUP, 2, amended=1),
                _notice(FIRST, Reason.REPEAT, 3),
                _act(FIRST, Verb.ASSIGN, 3, until=False),
                _act(FIRST, Verb.INCIDENT, 1, until=False),
            ),
        ),
        "called": Sample("Who is on call is called", escalation(CALLED, outbox_id="ob_called")),
        "escalation": Sample("Nobody answers", escalation(LADDER, outbox_id="ob_ladder")),
        "acked": Sample(
            "Somebody has it",
            parent(ACKED, outbox_id="ob_acked"),
            (
                _act(ACKED, Verb.ACK, 3),
                _act(ACKED, Verb.SNOOZE, 3),
                _act(ACKED, Verb.FALSE_POSITIVE, 1, until=False),
                _act(ACKED, Verb.LOWER_SEVERITY, 3, until=False, note="One sender, few readers."),
                _notice(ACKED, Reason.ACK_EXPIRED, 3),
            ),
        ),
        "escalated": Sample(
            "It gets worse",
            parent(RISEN, outbox_id="ob_risen"),
            (_notice(RISEN, Reason.ESCALATED, 1, new_in_group=2),),
        ),
    }


def _its_end() -> dict[str, Sample]:
    return {
        "resolved": Sample(
            "It ends, and comes back",
            parent(RESOLVED, outbox_id="ob_resolved"),
            (
                _notice(RESOLVED, Reason.RESOLVED, 3),
                _notice(FIRST, Reason.FLAPPING, 1),
                _notice(FIRST, Reason.RETRACTED, 1),
                _notice(FIRST, Reason.AMENDED, 2),
                _notice(FIRST, Reason.SILENCE_EXPIRED, 1),
            ),
        ),
    }


def _other_groups() -> dict[str, Sample]:
    return {
        "restricted": Sample(
            "Imminent harm",
            parent(RESTRICTED, outbox_id="ob_care"),
            (
                _notice(RESTRICTED, Reason.NEW_IN_GROUP, 1),
                _act(RESTRICTED, Verb.ASSIGN, 1, until=False),
            ),
        ),
        "delayed": Sample("Slack was down", parent(DELAYED, outbox_id="ob_delayed")),
        "storm": Sample("Everything at once", storm(STORM, outbox_id="ob_storm")),
    }


def _summaries() -> dict[str, Sample]:
    return {
        "handover": Sample("The shift ends", handover(SHIFT, outbox_id="ob_shift")),
        "digest": Sample("The morning after", digest(DAILY, outbox_id="ob_daily")),
        "quiet": Sample(
            "A good morning",
            digest(replace(DAILY, rows=(), opened=0, resolved=2, open=0), outbox_id="ob_quiet"),
        ),
        "demotion": Sample(
            "A monitor may not act by itself any more", demotion(DEMOTED, outbox_id="ob_demotion")
        ),
        "route_test": Sample("Is this read?", route_test(TESTED, outbox_id="ob_route_test")),
        "health": Sample("Watchfloor itself", health(UNWELL, outbox_id="ob_health")),
        "well": Sample("All well again", health(WELL, outbox_id="ob_well")),
    }


def dialogs() -> dict[str, Payload]:
    """Every dialog, by its heading."""
    many = replace(FIRST, entities=entities("device", tuple(range(24, 2, -1)), Severity.S1))
    return {"False positive": false_positive_modal(replace(many, open=22, total=22, findings=297))}
