"""Messages that are posted to the local Slack server, and found there again."""

from datetime import UTC, datetime

from orchestration.slack.api import SlackApi

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
CANARY = "canary-7f3a"


def message(outbox_id: str = "o1", **more: object) -> dict[str, object]:
    """What a post takes, with a text that nothing else may repeat."""
    payload = {"thread": "t1", "outbox_id": outbox_id}
    return {
        "channel": "C0ALERTS",
        "text": CANARY,
        "metadata": {"event_type": "alert_group", "event_payload": payload},
        **more,
    }


def find(
    slack: SlackApi, outbox_id: str, *, channel: str = "C0ALERTS", thread_ts: str | None = None
) -> str | None:
    """When a message was posted since noon, as its `ts`; None where it was not."""
    return slack.find(channel, since=START, outbox_id=outbox_id, thread_ts=thread_ts)
