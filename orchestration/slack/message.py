"""A message as Slack's Web API takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]
Payload = dict[str, Any]

GROUP, STORM, DIGEST, HANDOVER, HEALTH = (
    "alert_group",
    "alert_storm",
    "alert_digest",
    "alert_handover",
    "watchfloor_health",
)
DEMOTION, ROUTE_TEST = "monitor_demotion", "route_test"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a message is about, for programmes: they find it again by `outbox_id`."""

    event_type: str
    payload: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One message within Slack's limits. `text` is what notifications and screen readers say.

    With `thread_ts` it is a reply in that thread; `reply_broadcast` shows the reply to the whole
    channel too.
    """

    channel: str
    text: str
    blocks: tuple[Block, ...]
    metadata: Metadata
    thread_ts: str | None = None
    reply_broadcast: bool = False

    def payload(self) -> Payload:
        """The arguments of chat.postMessage."""
        made = {**self._content(), "unfurl_links": False, "unfurl_media": False}
        if self.thread_ts is not None:
            made["thread_ts"] = self.thread_ts
            made["reply_broadcast"] = self.reply_broadcast
        return made

    def update(self, ts: str) -> Payload:
        """The arguments of chat.update for the message that was posted as `ts`."""
        return {**self._content(), "ts": ts}

    def _content(self) -> Payload:
        return {
            "channel": self.channel,
            "text": self.text,
            "blocks": list(self.blocks),
            "metadata": {
                "event_type": self.metadata.event_type,
                "event_payload": dict(self.metadata.payload),
            },
        }
