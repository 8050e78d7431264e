from datetime import UTC, datetime

import pytest

from orchestration.slack.api import (
    Identity,
    Posted,
    SlackApi,
    SlackAuthError,
    SlackBusyError,
    SlackDownError,
    SlackRefusedError,
    slack_time,
)
from orchestration.slack.web import WebSlack
from tests.support.slack_posts import find, message
from tests.support.slack_server import (
    BOT,
    TOKEN,
    Fault,
    SlackServer,
    busy,
    refused,
)


def test_a_post_arrives_once_with_all_of_its_payload(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    sent = message(blocks=[{"type": "divider"}], unfurl_links=False)
    posted = slack.post(sent)
    assert slack_server.messages["C0ALERTS"] == [{**sent, "ts": posted.ts, "user": BOT}]
    assert posted == Posted("C0ALERTS", "1772452801.000000")


def test_an_update_changes_the_message_and_sends_nothing_that_only_a_post_takes(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    posted = slack.post(message())
    changed = message(text="now resolved", unfurl_links=False, thread_ts="1.000000")
    slack.update("C0ALERTS", posted.ts, changed)
    assert slack_server.messages["C0ALERTS"][0]["text"] == "now resolved"
    assert set(slack_server.calls[-1][1]) == {"channel", "ts", "text", "metadata"}


def test_a_message_for_one_person_and_a_dialogue_arrive(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    slack.ephemeral("C0ALERTS", "U0ANA", {"text": "Ben was faster."})
    slack.open_view("12.34", {"type": "modal"})
    assert slack_server.shown == [
        {"channel": "C0ALERTS", "user": "U0ANA", "text": "Ben was faster."},
        {"trigger_id": "12.34", "view": {"type": "modal"}},
    ]


def test_identity_is_the_workspace_and_the_bot(slack: SlackApi) -> None:
    assert slack.identity() == Identity("T0TEAM", "U0BOT")


def test_a_message_is_found_by_its_outbox_id_on_a_later_page(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    slack_server.page = 2
    posted = [slack.post(message(f"o{n}")) for n in range(5)]
    assert [find(slack, f"o{n}") for n in range(5)] == [p.ts for p in posted]
    assert find(slack, "o5") is None
    assert [m for m, _ in slack_server.calls[-3:]] == ["conversations.history"] * 3


def test_a_reply_is_found_in_its_thread_only(slack: SlackApi, slack_server: SlackServer) -> None:
    slack_server.page = 1
    parent, other = slack.post(message("o1")), slack.post(message("o2"))
    reply = slack.post(message("o3", thread_ts=parent.ts))
    assert find(slack, "o3", thread_ts=parent.ts) == reply.ts
    assert find(slack, "o3", thread_ts=other.ts) is None
    assert find(slack, "o3") is None


def test_what_was_posted_to_a_person_is_found_and_changed_in_the_conversation_with_them(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    slack_server.befriend("U0ANA", "D0ANA")
    slack_server.befriend("W0BEN", "D0BEN")
    sent = [slack.post(message(channel=who)) for who in ("U0ANA", "W0BEN")]
    assert [one.channel for one in sent] == ["D0ANA", "D0BEN"]
    reply = slack.post(message("o2", channel="U0ANA", thread_ts=sent[0].ts))
    slack.update("U0ANA", sent[0].ts, message(channel="U0ANA", text="now resolved"))

    assert find(slack, "o1", channel="U0ANA") == sent[0].ts
    assert find(slack, "o1", channel="W0BEN") == sent[1].ts
    assert find(slack, "o2", channel="U0ANA", thread_ts=sent[0].ts) == reply.ts
    assert slack_server.messages["D0ANA"][0]["text"] == "now resolved"
    opened = [
        body["users"] for method, body in slack_server.calls if method == "conversations.open"
    ]
    assert opened == ["U0ANA", "W0BEN"]  # where it is does not change


def test_a_page_to_a_person_is_found_by_the_process_after_the_one_that_died(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    slack_server.befriend("U0ANA", "D0ANA")
    slack_server.fail("chat.postMessage", Fault(done=True, drop=True))
    with pytest.raises(SlackDownError):
        slack.post(message(channel="U0ANA"))

    after = WebSlack(TOKEN, base_url=slack_server.base_url, timeout=1)

    assert find(after, "o1", channel="U0ANA") == slack_server.messages["D0ANA"][0]["ts"]
    assert find(after, "o2", channel="U0ANA") is None


def test_a_person_who_left_is_refused_and_a_missing_scope_is_the_tokens_fault(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    with pytest.raises(SlackRefusedError, match="user_not_found"):
        find(slack, "o1", channel="U0GONE")
    slack_server.fail("conversations.open", refused("missing_scope"), Fault(body='{"ok": true}'))
    with pytest.raises(SlackAuthError, match="missing_scope"):
        find(slack, "o1", channel="U0ANA")
    with pytest.raises(SlackDownError, match="bad_answer"):
        find(slack, "o1", channel="U0ANA")


def test_what_is_older_than_the_clocks_may_differ_is_not_looked_at(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    for minute, name in ((49, "old"), (51, "young")):
        ts = slack_time(datetime(2026, 3, 2, 11, minute, tzinfo=UTC))
        slack_server.messages["C0ALERTS"].append({**message(name), "ts": ts, "user": BOT})
    assert find(slack, "old") is None
    assert find(slack, "young") == "1772452260.000000"


def test_a_message_of_another_app_with_our_metadata_is_not_ours(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    copied = {**message("o1"), "ts": "1772452900.000000"}
    slack_server.messages["C0ALERTS"].append({**copied, "user": "U0OTHER", "bot_id": "B0OTHER"})
    assert find(slack, "o1") is None
    slack_server.messages["C0ALERTS"].append(
        {**copied, "bot_id": "B0BOT", "subtype": "bot_message"}
    )
    assert find(slack, "o1") == "1772452900.000000"


def test_a_busy_slack_says_for_how_long(slack: SlackApi, slack_server: SlackServer) -> None:
    slack_server.fail("chat.postMessage", busy("37"), busy("soon"))
    with pytest.raises(SlackBusyError) as told:
        slack.post(message())
    assert told.value.retry_after == 37
    with pytest.raises(SlackBusyError) as untold:
        slack.post(message())
    assert untold.value.retry_after == 5
    assert slack_server.messages["C0ALERTS"] == []
