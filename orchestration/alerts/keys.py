"""Identities of alerts, groups and what was said of them; the same for ever and everywhere."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from monitors.finding_ids import microseconds


def key_of(*parts: str) -> str:
    """SHA-256 over the length-prefixed UTF-8 of the parts."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def dedup_key(monitor: str, entity: str, harm: str) -> str:
    """What findings of one alert share; a ring or template is the entity of its monitor."""
    return key_of("alert", monitor, entity, harm)


def alert_id(key: str, opened_at: datetime) -> str:
    """Id of one episode of a dedup key."""
    return key_of("episode", key, str(microseconds(opened_at)))


def group_key(route: str, labels: Iterable[tuple[str, str]]) -> str:
    """Id of the alerts that one route tells together, by the labels they share."""
    return key_of("group", route, *(part for label in labels for part in label))


def state_hash(group: str, marks: Iterable[tuple[str, int]], number: int) -> str:
    """Digest of what a receiver knows of a group after a notice.

    `marks` are episodes with their revisions; `number` counts the notices that only time caused,
    so that a repeat differs from the notice before it.
    """
    told = (part for mark in sorted(marks) for part in (mark[0], str(mark[1])))
    return key_of("state", group, str(number), *told)
