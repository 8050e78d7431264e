import logging
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from orchestration.cases.enrichment import Enriched, enrich_case
from orchestration.cases.lists import Lists, read_lists
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.tables import batches, enforcements, strikes
from tests.orchestration.alerts.builders import HOUR, at
from tests.support.cases import ANA, BENIGN, CARA, VIOLATING
from tests.support.houses import House, house, logged
from tests.support.ledgers import act

ANN, BOB, CARL = "ann-4711", "bob-0815", "carl-1"
DAY = 24 * HOUR
LISTS = read_lists(Path(__file__).parents[3] / "samples" / "enrichment")


@pytest.fixture
def here(ledger: Engine, tmp_path: Path) -> House:
    return house(ledger, tmp_path)


def login(account: str, hour: float, **more: object) -> dict[str, object]:
    return {"account_id": account, "occurred_at": at(hour), "succeeded": True, **more}


def known(here: House, hour: float = 1.5, lists: Lists = LISTS) -> Enriched:
    (found,) = enrich_case(
        here.engine,
        here.lake,
        here.names,
        lists,
        who=ANA,
        desks=here.office.terms.desks,
        case_id=here.office.case().case_id,
        now=at(hour),
    )
    return found


def values(found: Enriched) -> dict[str, object]:
    return {fact.name: fact.value for fact in found.facts}


def test_a_case_is_enriched_from_events_and_ledger(here: House) -> None:
    here.put(
        "signups",
        {"account_id": ANN, "occurred_at": at(0) - 40 * DAY, "email_domain": "0-mail.com"},
    )
    extra = '{"plan": "team"}'
    here.put(
        "logins",
        login(ANN, 0.1, device_id="d-1", ip="192.0.2.7", asn=198375, extra=extra),
        login(BOB, 0.2, device_id="d-1", ip="192.0.2.8"),
        login(CARL, 0.3, device_id="d-2", ip="192.0.2.7"),
    )
    here.found(0, ANN)
    here.office.open(1.2)
    found = known(here)
    assert found.in_lake
    assert (found.entity_type, found.entity) == ("account_id", here.name(ANN))
    assert values(found) == {
        "prior_strikes": 0,
        "prior_enforcements": 0,
        "prior_reversed": 0,
        "prior_violations": 0,
        "account_age_days": 40,
        "disposable_mail": True,
        "hosting_network": True,
        "crawler_agent": None,
        "plan": "team",
        "spend_usd": None,
        "linked_by_device": 1,
        "linked_by_payment": None,
        "linked_by_key": None,
        "linked_by_address": 1,
    }
    assert found.links.select("account", "tie", "sharers", "events").rows() == [
        (here.name(BOB), "device_id", 2, 1),
        (here.name(CARL), "ip", 2, 1),
    ]
    assert found.links["value"].to_list() == [
        here.name("d-1", "device_id"),
        here.name("192.0.2.7", "ip"),
    ]
    assert found.links["since"].to_list() == [at(0.2), at(0.3)]


def test_an_entity_that_no_event_has_is_unknown_but_for_the_ledger(here: House) -> None:
    here.found(0, ANN)
    here.office.open(1.2)
    found = values(known(here))
    zeros = {name for name, value in found.items() if value == 0 and value is not None}
    assert zeros == {"prior_strikes", "prior_enforcements", "prior_reversed", "prior_violations"}
    assert [value for name, value in found.items() if name not in zeros] == [None] * 10


def test_who_was_forgotten_keeps_only_what_the_ledger_has(here: House) -> None:
    here.put("logins", login(ANN, 0.1, device_id="d-1"))
    here.found(0, ANN)
    here.office.open(1.2)
    here.names.forget("account_id", ANN)
    found = known(here)
    assert not found.in_lake
    assert values(found)["linked_by_device"] is None
    assert found.links.is_empty()


def test_what_happens_later_than_now_is_not_known(here: House) -> None:
    here.put("logins", login(ANN, 0.1, device_id="d-1"), login(BOB, 3, device_id="d-1"))
    here.found(0, ANN)
    here.office.open(1.2)
    assert values(known(here, 1.5))["linked_by_device"] == 0
    assert values(known(here, 3.5))["linked_by_device"] == 1


def test_earlier_decisions_strikes_and_actions_count_and_reversed_ones_are_told(
    here: House,
) -> None:
    here.found(0, ANN)
    here.office.open(1.2)
    case = here.office.case()
    here.office.decided(case, 1.3, VIOLATING)
    with writing(here.engine) as connection:
        seq = append(connection, act=act(90), verb="plan", object_id="batch:b1")
        connection.execute(insert(batches), _batch(seq))
        for number, state in enumerate(("applied", "reversed", "blocked")):
            connection.execute(insert(enforcements), _enforcement(here, number, state))
        strike = {
            "audit_seq": seq,
            "entity_type": "account_id",
            "entity": here.name(ANN),
            "policy_id": "spam",
            "weight": 2,
            "at": at(1.4),
        }
        rows = [
            {**strike, "strike_id": "s0", "enforcement_id": "e0", "expires_at": at(99)},
            {**strike, "strike_id": "s1", "enforcement_id": "e1", "expires_at": at(1.45)},
        ]
        connection.execute(insert(strikes), rows)
    found = values(known(here))
    assert (found["prior_violations"], found["prior_strikes"]) == (1, 2)
    assert (found["prior_enforcements"], found["prior_reversed"]) == (2, 1)


def test_a_decision_that_was_superseded_counts_no_more(here: House) -> None:
    here.found(0, ANN)
    here.office.open(1.2)
    here.office.decided(here.office.case(), 1.3, VIOLATING)
    here.found(3, ANN)
    here.office.open(4.2)
    here.office.decided(here.office.case(), 4.3, BENIGN)
    assert values(known(here, 4.5))["prior_violations"] == 0


def test_no_real_id_comes_into_the_ledger_or_a_log(
    here: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here.put("logins", login(ANN, 0.1, device_id="d-1"), login(BOB, 0.2, device_id="d-1"))
    here.found(0, ANN)
    here.office.open(1.2)
    shown = str(known(here))
    for text in (shown, here.everything(), logged(caplog.records)):
        assert ANN not in text
        assert BOB not in text


def _batch(seq: int) -> dict[str, object]:
    return {
        "batch_id": "b1",
        "audit_seq": seq,
        "source": "decision",
        "mode": "live",
        "planned_at": at(1.4),
        "size": 3,
        "preview": {},
    }


def _enforcement(here: House, number: int, state: str) -> dict[str, object]:
    return {
        "enforcement_id": f"e{number}",
        "idempotency_key": f"k{number}",
        "batch_id": "b1",
        "product": "chat",
        "policy_id": "spam",
        "policy_version": 1,
        "target_type": "account_id",
        "target": here.name(ANN),
        "action": "restrict_messaging",
        "action_class": f"class{number}",
        "mode": "live",
        "state": state,
        "standing": state == "applied",
        "automated": "not",
        "needs": 0,
        "planned_at": at(1.4),
        "not_before": at(1.4),
        "attempts": 0,
    }


def test_what_came_of_a_restricted_case_counts_for_those_with_its_skills(here: House) -> None:
    here.found(0, ANN, harm="child_safety")
    here.office.open(1.2)
    case = here.office.case()
    here.office.decided(case, 1.3, VIOLATING, who=CARA, policy="child_safety")
    seen = {
        who.id: enrich_case(
            here.engine,
            here.lake,
            here.names,
            LISTS,
            who=who,
            desks=here.office.terms.desks,
            case_id=case.case_id,
            now=at(2),
        )
        for who in (ANA, CARA)
    }
    assert {name: values(*found)["prior_violations"] for name, found in seen.items()} == {
        "ana": 0,
        "cara": 1,
    }
