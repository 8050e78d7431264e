from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from orchestration.slack.api import (
    Identity,
    SlackApi,
    SlackAuthError,
    SlackGoneError,
    SlackRefusedError,
)
from orchestration.slack.web import WebSlack
from tests.support import slack_emulator
from tests.support.slack_emulator import CHANNEL, TOKEN, USER, Emulator

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with slack_emulator.running(tmp_path_factory.mktemp("emulate")) as running:
        yield running


@pytest.fixture
def slack(emulator: Emulator) -> SlackApi:
    return WebSlack(TOKEN, base_url=emulator.base_url)


def message(outbox_id: str, **more: object) -> dict[str, object]:
    payload = {"thread": "t1", "group": "g1", "state_hash": "ab12", "outbox_id": outbox_id}
    return {
        "channel": CHANNEL,
        "text": "S1 Scraping, web: 3 accounts.",
        "blocks": [{"type": "divider"}],
        "metadata": {"event_type": "alert_group", "event_payload": payload},
        "unfurl_links": False,
        **more,
    }


def in_channel(emulator: Emulator, ts: str) -> dict[str, object]:
    found = emulator.ask("conversations.replies", channel=CHANNEL, ts=ts)["messages"]
    first: dict[str, object] = found[0]
    return first


def test_identity_is_who_the_token_belongs_to(slack: SlackApi) -> None:
    assert slack.identity() == Identity("T000000001", USER)


def test_a_post_keeps_text_blocks_and_metadata(slack: SlackApi, emulator: Emulator) -> None:
    posted = slack.post(message("keeps"))
    assert posted.channel == CHANNEL
    kept = in_channel(emulator, posted.ts)
    sent = message("keeps")
    assert {key: kept[key] for key in ("text", "blocks", "metadata")} == {
        key: sent[key] for key in ("text", "blocks", "metadata")
    }


def test_a_parent_shows_its_last_update_and_its_thread_the_story(
    slack: SlackApi, emulator: Emulator
) -> None:
    parent = slack.post(message("parent"))
    replies = [
        slack.post(message(f"reply-{n}", text=f"reply {n}", thread_ts=parent.ts)) for n in range(3)
    ]
    slack.update(CHANNEL, parent.ts, message("parent", text="resolved"))
    thread = emulator.ask("conversations.replies", channel=CHANNEL, ts=parent.ts)["messages"]
    assert [m["text"] for m in thread] == ["resolved", "reply 0", "reply 1", "reply 2"]
    assert [m["ts"] for m in thread] == [parent.ts, *[reply.ts for reply in replies]]
    assert thread[0]["metadata"] == message("parent")["metadata"]


def test_messages_are_found_by_outbox_id_among_more_than_a_page(slack: SlackApi) -> None:
    first = slack.post(message("find-first"))
    reply = slack.post(message("find-reply", thread_ts=first.ts))
    for number in range(205):
        slack.post(message(f"filler-{number}"))
    since = datetime.now(UTC) - timedelta(minutes=1)

    def find(outbox_id: str, thread_ts: str | None = None) -> str | None:
        return slack.find(CHANNEL, since=since, outbox_id=outbox_id, thread_ts=thread_ts)

    assert find("find-first") == first.ts
    assert find("find-reply", first.ts) == reply.ts
    assert find("find-reply") is None
    assert find("never-sent") is None


def test_a_message_for_one_person_is_not_in_the_channel(
    slack: SlackApi, emulator: Emulator
) -> None:
    slack.ephemeral(CHANNEL, USER, {"text": "only for you"})
    history = emulator.ask("conversations.history", channel=CHANNEL, limit=1000)["messages"]
    assert "only for you" not in [m["text"] for m in history]


def test_a_dialogue_opens_once_for_a_trigger(slack: SlackApi, emulator: Emulator) -> None:
    trigger = emulator.ask("views.generateTriggerId", user_id=USER)["trigger_id"]
    title = {"type": "plain_text", "text": "False positive"}
    view = {"type": "modal", "title": title, "blocks": [], "private_metadata": "t1|ab12"}
    slack.open_view(trigger, view)
    with pytest.raises(SlackRefusedError):
        slack.open_view(trigger, view)


def test_what_a_person_deleted_is_gone(slack: SlackApi, emulator: Emulator) -> None:
    posted = slack.post(message("deleted"))
    assert emulator.ask("chat.delete", channel=CHANNEL, ts=posted.ts)["ok"]
    with pytest.raises(SlackGoneError):
        slack.update(CHANNEL, posted.ts, message("deleted"))
    assert slack.find(CHANNEL, since=LONG_AGO, outbox_id="deleted", thread_ts=None) is None


def test_a_channel_that_is_not_there_and_one_that_is_archived_refuse(
    slack: SlackApi, emulator: Emulator
) -> None:
    with pytest.raises(SlackRefusedError, match="channel_not_found"):
        slack.post(message("nowhere", channel="C0NONE"))
    archived = emulator.ask("conversations.create", name="archived")["channel"]["id"]
    assert emulator.ask("conversations.archive", channel=archived)["ok"]
    with pytest.raises(SlackRefusedError, match="is_archived"):
        slack.post(message("archived", channel=archived))


def test_no_token_is_refused(emulator: Emulator) -> None:
    with pytest.raises(SlackAuthError):
        WebSlack("", base_url=emulator.base_url).identity()
