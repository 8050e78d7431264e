from dataclasses import replace
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from orchestration.triage.cluster import Item, cluster_id, clusters
from orchestration.triage.errors import TriageError
from tests.orchestration.triage.builders import MINUTE, utc

NOON = utc("2026-03-02T12:00")


def item(name: str, minute: int, *ties: str, restricted: bool = False) -> Item:
    return Item(name, NOON + minute * MINUTE, frozenset(ties), restricted)


def test_items_that_share_a_tie_are_together_also_through_others() -> None:
    found = clusters(
        [
            item("a", 1, "account_1"),
            item("b", 2, "account_1", "ring_9"),
            item("c", 3, "ring_9"),
            item("d", 4, "account_2"),
            item("e", 5),
            item("f", 6),
        ]
    )
    assert found == [frozenset("abc"), frozenset("d"), frozenset("e"), frozenset("f")]


def test_restricted_items_are_never_together_with_others() -> None:
    found = clusters(
        [
            item("a", 1, "account_1"),
            item("b", 2, "account_1", restricted=True),
            item("c", 3, "account_1"),
            item("d", 4, "account_1", restricted=True),
        ]
    )
    assert found == [frozenset("ac"), frozenset("bd")]


def test_an_item_given_twice_is_one_and_restricted_if_it_once_was() -> None:
    twice = item("a", 1, "x"), item("a", 2, "y", restricted=True)
    assert clusters([*twice, item("b", 3, "y"), item("c", 4, "x", restricted=True)]) == [
        frozenset("ac"),
        frozenset("b"),
    ]


def test_restricted_once_is_restricted_and_the_first_time_counts_in_whatever_order() -> None:
    once, again = item("a", 9, "x"), item("a", 1, "y", restricted=True)
    others = [item("b", 5, "x"), item("c", 6, "y", restricted=True)]
    wanted = [frozenset("ac"), frozenset("b")]
    assert clusters([once, again, *others]) == clusters([again, once, *others]) == wanted


def test_two_clusters_that_become_one_are_as_large_as_both() -> None:
    two = [item("a", 1, "x"), item("b", 2, "x"), item("c", 3, "y"), item("d", 4, "y")]
    both = [*two, item("e", 5, "x", "y"), item("f", 6, "x")]
    assert clusters(both, largest=5) == [frozenset("abcde"), frozenset("f")]


def test_a_full_cluster_takes_no_more_and_the_next_item_begins_another() -> None:
    found = clusters([item(name, at, "asn") for at, name in enumerate("abcde")], largest=2)
    assert found == [frozenset("ab"), frozenset("cd"), frozenset("e")]


def test_an_id_is_that_of_the_oldest_and_stays_as_newer_ones_come() -> None:
    first = [item("a", 1, "x"), item("b", 2, "x")]
    assert cluster_id(first) == cluster_id([item("c", 3, "x"), *reversed(first)])
    assert cluster_id(first) != cluster_id([item("b", 2, "x")])
    assert cluster_id([item("a", 1)]) == (
        "b266a74355db0149896076adacc79cbabca44087385ecbf599540a62454e62e4"
    )


@pytest.mark.parametrize("largest", [0, -1])
def test_a_cluster_of_nothing_is_refused(largest: int) -> None:
    with pytest.raises(TriageError, match="wanted at least 1"):
        clusters([], largest)
    with pytest.raises(TriageError, match="wanted at least one"):
        cluster_id([])


ITEMS = st.lists(
    st.builds(
        lambda name, ties, restricted: item(
            f"i{name}", name // 2, *(f"t{tie}" for tie in ties), restricted=restricted
        ),
        st.integers(0, 30),
        st.sets(st.integers(0, 12), max_size=3),
        st.booleans(),
    ),
    max_size=25,
    unique_by=lambda item: item.id,
)


@given(ITEMS, st.randoms(), st.integers(1, 25))
def test_order_and_repetition_change_nothing(items: list[Item], random: Random, cap: int) -> None:
    mixed = items + items[::2]
    random.shuffle(mixed)
    assert clusters(mixed, cap) == clusters(items, cap)


@given(ITEMS, st.integers(1, 25))
def test_every_item_is_in_one_cluster_no_larger_than_allowed(items: list[Item], cap: int) -> None:
    found = clusters(items, cap)
    assert sorted(name for ids in found for name in ids) == sorted(item.id for item in items)
    assert all(len(ids) <= cap for ids in found)
    by_id = {item.id: item for item in items}
    for ids in found:
        assert len({by_id[name].restricted for name in ids}) == 1
        assert _component(by_id[min(ids)], [by_id[name] for name in ids]) == ids


@given(ITEMS)
def test_without_a_full_cluster_they_are_the_connected_components(items: list[Item]) -> None:
    assert {_component(item, items) for item in items} == set(clusters(items))


@given(ITEMS, ITEMS, st.integers(1, 10))
def test_what_is_together_stays_together_as_newer_items_come(
    items: list[Item], more: list[Item], cap: int
) -> None:
    newer = [replace(item, id=f"n{item.id}", at=item.at + 60 * MINUTE) for item in more]
    later = clusters(items + newer, cap)
    assert all(any(before <= after for after in later) for before in clusters(items, cap))


def _component(start: Item, items: list[Item]) -> frozenset[str]:
    found, grown = {start}, True
    while grown:
        more = {
            item
            for item in items
            for known in found
            if item.restricted == known.restricted and item.ties & known.ties
        }
        grown = not more <= found
        found |= more
    return frozenset(item.id for item in found)
