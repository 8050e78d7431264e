from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, insert

from monitors.contract import Mode, Severity
from monitors.registry import contracts, registry
from monitors.tenants import TENANTS
from orchestration.alerts.records import AlertState, Watched
from orchestration.enforcement.auto import plan_auto
from orchestration.enforcement.targets import Targets, Unit
from orchestration.enforcement.tenants import tenants_of
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import writing
from orchestration.ledger.machines import write
from orchestration.ledger.tables import decisions, outcomes
from orchestration.pseudonyms import Pseudonyms
from tests.support.enforcement import LIVE, MONITOR, Room, eager, prompt
from tests.support.enforcement_case import case_about
from tests.support.lakes import at, put
from tests.support.ledgers import NOON, act, alert, changed, opened

DAY = timedelta(days=1)
LAST = at("2026-03-02T10:30")
Call = tuple[str | None, str | None]  # key and account


def called(lake: Lake, *calls: Call, product: str = "api", when: datetime = LAST) -> None:
    """Requests under keys of accounts."""
    rows = [
        {"occurred_at": when, "operation": "GET", "key_id": key, "account_id": account}
        for key, account in calls
    ]
    put(lake, product, "api_requests", rows)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    terms = prompt(LIVE)
    rules = terms.enforcement
    tight = replace(rules, caps=replace(rules.caps, per_tenant=2))
    return Room(ledger, tmp_path, terms=replace(terms, enforcement=tight))


def decide(room: Room, *keys: str) -> None:
    """A decision of one case that suspends keys, each found by an alert."""
    names = Pseudonyms(room.home).remember("key_id", keys)
    parts = {"harm": "spam", "monitor": "api/stolen_key", "product": "api", "version": 1}
    made = [alert(f"a-{key}", entity_type="key_id", entity=names[key], **parts) for key in keys]
    row = {"decision_id": "d1", "case_id": "c1", "policy_id": "spam", "policy_version": 1}
    row |= {"ground": "terms", "automated_detection": True, "automated_decision": "not"}
    row |= {"decider": "rita", "decided_at": NOON, "acted": False}
    judged = [
        {
            "decision_id": "d1",
            "unit": f"a-{key}",
            "alert_id": f"a-{key}",
            "entity_type": "key_id",
            "entity": names[key],
            "outcome": "violating",
            "action": "suspend_key",
        }
        for key in keys
    ]
    with writing(room.engine) as connection:
        opened(connection, *made)
        for one in made:
            changed(connection, act(1), one.alert_id, state=AlertState.FIRING)
        write(connection, CASES, before={}, after=[case_about("c1", Severity.S2)], act=act())
        seq = append(connection, act=act(), verb="decide", object_id="decision:d1")
        connection.execute(insert(decisions), {**row, "audit_seq": seq})
        connection.execute(insert(outcomes), judged)


def planned(room: Room) -> dict[str | None, tuple[str, str | None, str | None]]:
    """State, code and tenant of each row, by its alert."""
    room.plan()
    return {row.alert_id: (row.state, row.code, row.tenant) for row in room.rows().values()}


def test_the_tenant_of_a_key_is_the_account_whose_requests_it_signs(lake: Lake) -> None:
    called(lake, ("k1", "acme"), ("k1", "acme"), ("k1", None), ("k2", "bolt"), (None, "bolt"))
    found = tenants_of(lake, "api", "account_id", "key_id", ["k1", "k2", "k3"])
    assert found == {"k1": "acme", "k2": "bolt"}


def test_what_two_tenants_have_used_is_of_none(lake: Lake) -> None:
    called(lake, ("k1", "acme"), ("k2", "acme"))
    called(lake, ("k1", "bolt"), when=LAST - 20 * DAY)
    assert tenants_of(lake, "api", "account_id", "key_id", ["k1", "k2"]) == {"k2": "acme"}


def test_thirty_days_before_the_latest_events_count_and_no_more(lake: Lake) -> None:
    called(lake, ("k1", "acme"))
    called(lake, ("k2", "bolt"), when=at("2026-01-31T11:00"))
    called(lake, ("k3", "bolt"), when=at("2026-01-31T10:59"))
    found = tenants_of(lake, "api", "account_id", "key_id", ["k1", "k2", "k3"])
    assert found == {"k1": "acme", "k2": "bolt"}


def test_events_of_other_products_say_nothing(lake: Lake) -> None:
    called(lake, ("k1", "acme"), product="web")
    assert tenants_of(lake, "api", "account_id", "key_id", ["k1"]) == {}


def test_an_account_of_a_product_whose_accounts_are_tenants_is_its_own(lake: Lake) -> None:
    assert tenants_of(lake, "api", "account_id", "account_id", ["acme"]) == {"acme": "acme"}


def test_a_type_that_no_event_has_beside_a_tenant_has_none(lake: Lake) -> None:
    called(lake, ("k1", "acme"))
    assert tenants_of(lake, "api", "account_id", "no_such_id", ["k1"]) == {}


def test_three_keys_of_one_tenant_stop_the_whole_batch_where_two_are_allowed(room: Room) -> None:
    called(room.targets.lake, ("k1", "acme"), ("k2", "acme"), ("k3", "acme"), ("k4", "bolt"))
    acme, bolt = (room.name(account) for account in ("acme", "bolt"))
    decide(room, "k1", "k2", "k3", "k4")
    assert planned(room) == {
        "a-k1": ("blocked", "cap:per_tenant", acme),
        "a-k2": ("blocked", "cap:per_tenant", acme),
        "a-k3": ("blocked", "cap:per_tenant", acme),
        "a-k4": ("blocked", "cap:per_tenant", bolt),
    }


def test_keys_of_two_tenants_go(room: Room) -> None:
    called(room.targets.lake, ("k1", "acme"), ("k2", "acme"), ("k3", "bolt"))
    acme, bolt = (room.name(account) for account in ("acme", "bolt"))
    decide(room, "k1", "k2", "k3")
    assert planned(room) == {
        "a-k1": ("approved", None, acme),
        "a-k2": ("approved", None, acme),
        "a-k3": ("approved", None, bolt),
    }


def test_keys_of_whom_nobody_knows_are_of_nobodys_cap(room: Room) -> None:
    decide(room, "k1", "k2", "k3")
    assert set(planned(room).values()) == {("approved", None, None)}


def test_accounts_of_a_product_without_tenants_have_none(room: Room) -> None:
    room.decide("d1", "amy")
    assert planned(room) == {"a-amy": ("approved", None, None)}


def test_what_a_monitor_does_by_itself_has_its_tenant_too(room: Room) -> None:
    room.terms = eager(room.terms)
    room.measure(14)
    room.alert("a-amy", "amy")
    names, monitors = Pseudonyms(room.home), room.monitors
    ids = plan_auto(
        room.engine,
        terms=room.terms,
        watched={MONITOR: Watched(Mode.AUTO)},
        targets=Targets(room.targets.lake, names, monitors, {"chat": "account_id"}),
        active=lambda _: 10,
        fit=lambda _, __: None,
        now=room.now,
    )
    assert len(ids) == 1
    assert room.of("amy").tenant == room.name("amy")


def test_a_target_has_a_tenant_in_the_product_that_names_one(room: Room) -> None:
    called(room.targets.lake, ("k1", "acme"), ("k2", "bolt"))
    names = Pseudonyms(room.home).remember("key_id", ["k1", "k2"])
    units = [
        Unit("key_id", names[key], "suspend_key", product=product)
        for key, product in (("k1", "api"), ("k2", "api"), ("k1", "chat"))
    ]
    found = room.targets.aims(units, room.terms.enforcement, {})
    assert [found[unit].tenants for unit in units] == [
        {names["k1"]: room.name("acme")},
        {names["k2"]: room.name("bolt")},
        {},
    ]


@pytest.mark.parametrize("product", TENANTS)
def test_a_product_whose_tenants_are_known_is_watched_and_has_events_that_name_them(
    product: str,
) -> None:
    assert product in registry().products
    assert any(each.schema.get(TENANTS[product]) == pl.String for each in contracts().values())
