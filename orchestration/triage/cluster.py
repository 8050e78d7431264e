"""Clusters: the alerts and reports that are one case."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orchestration.alerts.keys import key_of
from orchestration.triage.errors import TriageError

LARGEST = 100


@dataclass(frozen=True, slots=True)
class Item:
    """An alert or report, by id; `ties` are what it may share with others.

    A tie is a text with its kind: an entity's pseudonym, those linked to it, a ring, a template.
    """

    id: str
    at: datetime
    ties: frozenset[str]
    restricted: bool = False


def clusters(items: Iterable[Item], largest: int = LARGEST) -> list[frozenset[str]]:
    """The items' ids, those together that share a tie, directly or through others; oldest first.

    Restricted items are never together with others. Items are taken from the oldest to the newest;
    a cluster of the `largest` size takes no more, and the next item with its ties begins another.
    So a cluster only grows as newer items come. The order in which items are given, and items
    given twice, change nothing. Raises TriageError for a largest size below 1.
    """
    if largest < 1:
        raise TriageError(f"A cluster has at most {largest} items; wanted at least 1.")
    owner: dict[tuple[bool, str], str] = {}  # of each tie, an item of the cluster that has it now
    parent: dict[str, str] = {}
    size: dict[str, int] = {}
    ordered = _once(items)
    for item in ordered:
        parent[item.id], size[item.id] = item.id, 1
        ties = sorted((item.restricted, tie) for tie in item.ties)
        for tie in ties:
            one, other = _root(parent, owner.get(tie, item.id)), _root(parent, item.id)
            if one != other and size[one] + size[other] <= largest:
                parent[other] = one
                size[one] += size[other]
        owner.update(dict.fromkeys(ties, item.id))
    found: dict[str, set[str]] = {}
    for item in ordered:
        found.setdefault(_root(parent, item.id), set()).add(item.id)
    return [frozenset(ids) for ids in found.values()]


def cluster_id(items: Iterable[Item]) -> str:
    """The id of a cluster: a digest of its oldest item's, so it stays as newer ones come.

    Raises TriageError for a cluster of nothing.
    """
    ordered = _once(items)
    if not ordered:
        raise TriageError("There is no item in the cluster; wanted at least one.")
    return key_of("cluster", ordered[0].id)


def _once(items: Iterable[Item]) -> list[Item]:
    """Each item once, the oldest first; of one given twice all ties, and restricted if once so."""
    found: dict[str, Item] = {}
    for item in items:
        known = found.get(item.id, item)
        found[item.id] = Item(
            item.id,
            min(known.at, item.at),
            known.ties | item.ties,
            known.restricted or item.restricted,
        )
    return sorted(found.values(), key=lambda item: (item.at, item.id))


def _root(parent: dict[str, str], item: str) -> str:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item
