"""Messages as they are expected to be, one JSON file each.

`.venv/bin/python -m tests.orchestration.slack.expected --write` writes them anew; read the diff.
"""

import json
import sys
from pathlib import Path

from orchestration.slack.message import Message
from orchestration.slack.samples import samples

FOLDER = Path(__file__).parent / "snapshots"
REPLIES = {
    "new_in_group": ("first", 0),
    "repeat": ("first", 1),
    "assign": ("first", 2),
    "incident": ("first", 3),
    "ack": ("acked", 0),
    "snooze": ("acked", 1),
    "false_positive": ("acked", 2),
    "lower_severity": ("acked", 3),
    "ack_expired": ("acked", 4),
    "rose": ("escalated", 0),
    "over": ("resolved", 0),
    "flapping": ("resolved", 1),
    "retracted": ("resolved", 2),
    "amended": ("resolved", 3),
    "silence_expired": ("resolved", 4),
    "restricted_news": ("restricted", 0),
    "restricted_assign": ("restricted", 1),
}


def messages() -> dict[str, Message]:
    """Every sample and every reply, by the name of its file."""
    made = samples()
    replies = {name: made[of].replies[i] for name, (of, i) in REPLIES.items()}
    return {name: sample.message for name, sample in made.items()} | replies


def text_of(message: Message) -> str:
    """What a snapshot holds."""
    return json.dumps(message.payload(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    FOLDER.mkdir(exist_ok=True)
    for name, message in messages().items():
        (FOLDER / f"{name}.json").write_text(text_of(message), encoding="utf-8")
