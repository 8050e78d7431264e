from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Mode
from orchestration.cases.linking import links_of
from tests.support.houses import House, house

RING, ANN, BOB, EVE = "device-77", "ann-4711", "bob-0815", "eve-2222"
RINGS = "accounts/signup_ring"


@pytest.fixture
def here(ledger: Engine, tmp_path: Path) -> House:
    made = house(ledger, tmp_path)
    made.office.watch(RINGS)
    return made


def links(here: House) -> dict[str, frozenset[str]]:
    found = links_of(here.engine, here.lake, here.names, watched=here.office.desk.watched)
    return {entity: frozenset(tied) for entity, tied in found.items()}


def opened(here: House, hour: float) -> tuple[int, int, int]:
    here.office.links = links(here)
    return here.office.open(hour)


def test_members_that_have_a_name_are_linked_to_their_ring(here: House) -> None:
    here.found(0, ANN)
    here.found(0, RING, monitor=RINGS, evidence={"members": [ANN, BOB]})
    assert links(here) == {here.name(RING): frozenset({here.name(ANN)})}


def test_a_ring_and_its_members_are_one_case_and_others_are_not(here: House) -> None:
    here.found(0, ANN, EVE)
    here.found(0, RING, monitor=RINGS, evidence={"members": [ANN, BOB]})
    assert opened(here, 1.2) == (2, 0, 0)
    assert here.office.case_of(here.name(ANN)) == here.office.case_of(here.name(RING), RINGS)
    assert here.office.case_of(here.name(EVE)) != here.office.case_of(here.name(ANN))


def test_a_member_that_is_found_later_joins_the_case_of_its_ring(here: House) -> None:
    here.found(0, RING, monitor=RINGS, evidence={"members": [ANN, BOB]})
    assert opened(here, 1.2) == (1, 0, 0)
    here.found(1, BOB)
    assert opened(here, 2.2) == (0, 1, 0)


def test_while_every_alert_has_its_case_the_lake_is_not_read(here: House) -> None:
    here.found(0, ANN)
    here.found(0, RING, monitor=RINGS, evidence={"members": [ANN]})
    assert opened(here, 1.2) == (1, 0, 0)
    assert links(here) == {}


def test_what_is_in_shadow_links_nobody(here: House) -> None:
    here.office.watch(RINGS, Mode.SHADOW)
    here.found(0, ANN)
    here.found(0, RING, monitor=RINGS, evidence={"members": [ANN]})
    assert links(here) == {}
