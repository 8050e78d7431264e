import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from monitors.evaluate import FINDINGS, Span
from orchestration.enforcement.targets import Aim, Targets, Unit
from orchestration.lake import Lake
from orchestration.pseudonyms import Pseudonyms
from tests.support.enforcement import LIVE
from tests.support.lakes import HOUR, at
from tests.support.monitors import failed_logins

START = at("2026-03-02T10:00")
SPAN = Span(START, START + HOUR)
RING = replace(failed_logins, name="ring", action="suspend_accounts", entity="device_id")
RULES = LIVE.enforcement
UNSEEN = "account_000000000000"


@pytest.fixture
def targets(tmp_path: Path) -> Targets:
    monitors = {one.id: one for one in (failed_logins, RING)}
    return Targets(Lake(str(tmp_path / "lake")), Pseudonyms(tmp_path), monitors)


def found(targets: Targets, entity: str, evidence: object, monitor: str = "failed_logins") -> str:
    """A finding in the lake; the pseudonym of its entity."""
    declared = targets.monitors[f"accounts/{monitor}"]
    row = {
        "finding_id": f"f-{entity}",
        "monitor": monitor,
        "version": 1,
        "product": "accounts",
        "harm": "account_takeover",
        "severity": 2,
        "entity_type": declared.entity,
        "entity": entity,
        "subkey": None,
        "window_start": START,
        "window_end": START + HOUR,
        "score": 5.0,
        "threshold": 3.0,
        "evidence": json.dumps(evidence),
    }
    path = targets.lake.hour_path(f"findings/{monitor}", "accounts", START)
    targets.lake.replace(path, pl.DataFrame([row], schema=FINDINGS))
    return targets.names.name(declared.entity, entity)


def aim(targets: Targets, unit: Unit, *spans: Span) -> Aim:
    return targets.aims([unit], RULES, {"a1": spans or (SPAN,)})[unit]


def account(name: str, action: str = "suspend_24h") -> Unit:
    return Unit("account_id", name, action, "a1", "accounts/failed_logins")


def ring(name: str, action: str = "suspend_accounts") -> Unit:
    return Unit("device_id", name, action, "a1", "accounts/ring")


def test_a_real_id_is_found_in_the_lake_and_kept_when_the_lake_has_lost_it(
    targets: Targets,
) -> None:
    name = found(targets, "alice", {})
    assert targets.names.entities_of([name]) == {}
    assert aim(targets, account(name)) == Aim("account_id", (name,))
    assert targets.names.entities_of([name]) == {name: ("account_id", "alice")}
    assert aim(targets, account(name), Span(START - HOUR, START)) == Aim("account_id", (name,))


def test_one_that_neither_the_lake_nor_anybody_knows_is_unknown(targets: Targets) -> None:
    found(targets, "alice", {})
    assert aim(targets, account(UNSEEN)).code == "target_unknown"
    assert aim(targets, replace(account(UNSEEN), alert_id=None, monitor=None)).code == (
        "target_unknown"
    )


def test_findings_of_other_partitions_are_not_looked_at(targets: Targets) -> None:
    name = found(targets, "alice", {})
    assert aim(targets, account(name), Span(START - HOUR, START)).code == "target_unknown"


def test_an_action_for_another_type_is_not_executable(targets: Targets) -> None:
    name = found(targets, "alice", {})
    assert aim(targets, account(name, "block_address")).code == "not_executable"
    assert targets.names.entities_of([name]) == {}


def test_members_of_a_ring_are_acted_on_and_it_is_not(targets: Targets) -> None:
    name = found(targets, "device-1", {"members": ["bob", "amy", "bob"]}, "ring")
    members = targets.names.names("account_id", ["amy", "bob"])
    made = aim(targets, ring(name))
    assert made == Aim("account_id", tuple(sorted(members.values())))
    assert targets.names.entities_of(made.targets) == {
        members["amy"]: ("account_id", "amy"),
        members["bob"]: ("account_id", "bob"),
    }


def test_members_of_a_ring_have_each_their_own_tenant(targets: Targets) -> None:
    name = found(targets, "device-1", {"members": ["bob", "amy"]}, "ring")
    members = targets.names.names("account_id", ["amy", "bob"])
    of_tenants = replace(targets, tenants={"accounts": "account_id"})
    made = aim(of_tenants, replace(ring(name), product="accounts"))
    assert made.tenants == {members["amy"]: members["amy"], members["bob"]: members["bob"]}


@pytest.mark.parametrize("evidence", [{}, {"members": []}, {"members": None}, {"members": [7]}])
def test_a_ring_whose_evidence_lists_nobody_is_not_acted_on(
    targets: Targets, evidence: object
) -> None:
    name = found(targets, "device-1", evidence, "ring")
    assert aim(targets, ring(name)) == Aim("device_id", (name,), "not_executable")


def test_members_of_an_unknown_type_are_not_acted_on(targets: Targets) -> None:
    """Only a monitor that declares the action says that its members are accounts."""
    name = found(targets, "device-1", {"members": ["key-1"]}, "ring")
    assert aim(targets, ring(name, "suspend_ring")).code == "not_executable"


def test_the_key_of_delays_is_the_installations_own(tmp_path: Path) -> None:
    one = Targets(Lake(""), Pseudonyms(tmp_path / "one"), {})
    other = Targets(Lake(""), Pseudonyms(tmp_path / "other"), {})
    assert one.delay_key == Targets(Lake(""), Pseudonyms(tmp_path / "one"), {}).delay_key
    assert one.delay_key != other.delay_key
