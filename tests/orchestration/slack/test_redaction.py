"""Whatever a view's texts hold, nothing of it is a mention, a link, a format or an address."""

# ruff: noqa: RUF001 - characters that look alike are what is tested

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.alerts.records import Reason
from orchestration.slack.digests import digest, handover, storm
from orchestration.slack.escalation import escalation
from orchestration.slack.health import health
from orchestration.slack.message import Message
from orchestration.slack.modals import false_positive_modal, refused_answer, stale_answer
from orchestration.slack.parent import parent
from orchestration.slack.replies import act_reply, reply
from orchestration.slack.sample_views import (
    CALLED,
    DAILY,
    FIRST,
    LADDER,
    RESTRICTED,
    ROWS,
    SHIFT,
    STORM,
)
from orchestration.slack.views import (
    ActView,
    GroupView,
    HealthItem,
    HealthView,
    MonitorView,
    NoticeView,
    Verb,
)

CANARY = (
    "<!channel> @here <@U0CANARY1> *bold* <https://evil.example|x> ann@evil.example 192.0.2.7\n"
    "> quote `code` :smile: \u202eright _it_ ~gone~"
)
ALLOWED = re.compile(
    r"<!date\^\d+\^\{date_short_pretty\} at \{time\}\|\d+ [A-Z][a-z]{2} \d\d:\d\d UTC>"
    r"|<@U0ONCALL[12]>|<@U0LEAD001>|<https://(?:watchfloor|dagster)\.example\.com/[\w/-]*\|[\w ]+>"
)
IDS = {"value", "url", "block_id", "action_id", "type", "style", "callback_id", "private_metadata"}


def group(text: str) -> GroupView:
    monitor = MonitorView(text, 1, text, text, text, text)
    shown = tuple(replace(entity, entity=text) for entity in FIRST.entities)
    return replace(
        FIRST, route=text, monitors=(monitor,), products=(text,), harms=(text,), window=text,
        why=text, acked_by=text, assigned_to=text, on_call=text, muted=(text,), entities=shown,
        labels=(("monitor", text),), group=text,
    )  # fmt: skip


def made(text: str) -> Iterator[Message]:
    view = group(text)
    both = replace(view, monitors=view.monitors * 2)
    acked = replace(view, state="acked", ack_until=view.since)
    row = replace(
        ROWS[0], alert_id=text, monitor=text, product=text, harm=text, holder=text, state="acked"
    )
    item = HealthItem("check", text, view.since, text)
    ended = replace(item, until=view.since)
    ids = {"outbox_id": "ob_1"}
    for one in (view, both, acked, replace(view, state="resolved"), replace(view, restricted=True)):
        yield parent(one, **ids)
        for reason in set(Reason) - {Reason.STORM}:
            notice = NoticeView(reason, {reason: 1}, view.since, text, text)
            yield reply(one, notice, **ids, thread_ts="1.000001")
        for verb in Verb:
            yield act_reply(
                one, ActView(verb, text, view.since, 1, None, text), **ids, thread_ts="1.000001"
            )
    yield digest(replace(DAILY, rows=(row,)), **ids)
    yield handover(replace(SHIFT, rows=(row,), outgoing=text, incoming=text), **ids)
    yield health(HealthView("C0OPS", view.since, (item,), (ended,)), **ids)
    yield storm(STORM, **ids)
    for step in (CALLED, LADDER):
        yield escalation(replace(step, group=view, to=(text,), next_to=(text,)), **ids)


def texts(part: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for name, child in part.items():
            yield from () if name in IDS else texts(child)
    elif isinstance(part, list | tuple):
        for child in part:
            yield from texts(child)


def assert_harmless(text: str) -> None:
    left = ALLOWED.sub("", text)
    assert "<" not in left
    assert ">" not in left
    assert "@" not in left
    assert "\u202e" not in left
    assert "192.0.2.7" not in left
    assert "ann@" not in left
    assert "https://evil" not in left
    assert "smile:" not in left.replace("꞉smile: ", "")
    outside = re.sub(r"`[^`]*`", "", left)
    assert "`" not in outside
    assert "*bold*" not in outside
    assert "_it_" not in outside
    assert "~" not in left


def test_a_canary_in_any_text_does_nothing() -> None:
    for message in made(CANARY):
        for text in texts([message.text, list(message.blocks)]):
            assert_harmless(text)


def test_a_canary_in_a_dialog_or_an_answer_does_nothing() -> None:
    view = group(CANARY)
    act = ActView(Verb.ACK, CANARY, FIRST.since, 1, FIRST.since, CANARY)
    shown = [false_positive_modal(view), refused_answer(CANARY), stale_answer(view, act)]
    for text in texts(shown):
        assert_harmless(text)


@given(st.text(max_size=400))
def test_no_text_makes_a_message_that_slack_would_refuse(text: str) -> None:
    for message in made(text or "x"):
        assert 0 < len(message.text) <= 300
        assert len(message.blocks) <= 12


@pytest.mark.parametrize("secret", [entity.entity for entity in RESTRICTED.entities])
def test_a_restricted_group_shows_no_entity_even_by_pseudonym(secret: str) -> None:
    assert secret not in str(parent(RESTRICTED, outbox_id="ob_1").payload())


def test_metadata_holds_ids_alone() -> None:
    for message in made("words"):
        allowed = {"thread", "group", "state_hash", "outbox_id"}
        assert set(message.metadata.payload) <= allowed
