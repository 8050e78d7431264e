from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.caps import Breach
from orchestration.enforcement.preview import preview
from orchestration.enforcement.protections import protect
from tests.support.enforcement import ANA, LIVE, MONITOR, Room, prompt, terms_of


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE), active=1000)


def planned(room: Room) -> str:
    protect(
        room.engine,
        who=ANA,
        entity_type="account_id",
        entity=room.name("cat"),
        tag="journalist",
        reason="told by the newsroom",
        rules=room.terms.enforcement,
        now=room.now,
    )
    room.decide("d1", "amy", "bob", "cat")
    room.decide("d2", "amy/2")
    room.decide("d3", "dan", action="restrict_messaging")
    room.decide("d4", "eve", action="review")
    (batch_id,) = room.plan()
    return batch_id


def test_a_batch_says_what_it_would_do(room: Room) -> None:
    batch = room.batch(planned(room))
    assert batch["preview"] == {
        "targets": 4,
        "protected": 1,
        "already": 1,
        "shares": {"chat": 0.004},
        "actions": {"restrict_messaging": 1, "suspend_24h": 3},
        "target_types": {"account_id": 4},
        "products": {"chat": 4},
        "monitors": {MONITOR: 4},
        "states": {"approved": 3, "awaiting_approval": 1, "blocked": 2},
        "codes": {"already": 1, "not_executable": 1},
        "breaches": [],
        "of_tenants": 0,
        "no_tenant": 0,
    }


def test_the_same_is_said_in_a_sentence_without_names(room: Room) -> None:
    planned(room)
    found = preview(list(room.rows().values()), [], active=lambda _: 1000)
    assert found.text == (
        "would act on 4 account_id, 0.4 % of active in chat, 1 protected, 1 already, "
        "1 not_executable; caps: hold."
    )
    assert "account_id_" not in found.text


def test_rows_whose_tenant_nobody_knows_are_counted(room: Room) -> None:
    room.decide("d1", "amy", "bob", "cat")
    room.plan()
    rows = [replace(row, product="api") for row in room.rows().values()]
    some = [replace(row, tenant="account_id_7f3a09c2e1d4") for row in rows[:1]]
    found = preview(some + rows[1:], [], active=lambda _: 1000)
    assert (found.of_tenants, found.no_tenant) == (3, 2)
    assert "tenant unknown of 2 of 3; caps: hold." in found.text
    assert "tenant" not in preview(some, [], active=lambda _: 1000).text


def test_a_stopped_batch_says_what_it_would_have_done_and_what_stopped_it(room: Room) -> None:
    room.terms = prompt(terms_of(per_run=2))
    room.active = None
    room.decide("d1", "amy", "bob", "cat")
    (batch_id,) = room.plan()
    found = room.batch(batch_id)["preview"]
    assert (found["targets"], found["shares"]) == (3, {"chat": None})
    assert found["breaches"] == [
        {"cap": "per_run", "limit": 2, "would_be": 3, "about": ""},
        {"cap": "per_day_share", "limit": 1.0, "would_be": None, "about": "chat"},
    ]


@pytest.mark.parametrize(
    ("breach", "said"),
    [
        (Breach("per_run", 200, 214), "over the cap per_run: 214 where 200 are allowed"),
        (Breach("per_tenant", 1, 2, "acme"), "over the cap per_tenant: 2 where 1 is allowed"),
        (
            Breach("per_day_share", 0.01, 1 / 38, "chat"),
            "over the cap per_day_share: 2.6 % where 1 % is allowed",
        ),
        (
            Breach("per_day_share", 0.07, 1.0, "chat"),
            "over the cap per_day_share: 100 % where 7 % is allowed",
        ),
        (
            Breach("per_day_share", 0.01, 0.0100004, "chat"),
            "over the cap per_day_share: 1.00004 % where 1 % is allowed",
        ),
        (
            Breach("per_day_share", 0.0053, 0.0054, "chat"),
            "over the cap per_day_share: 0.54 % where 0.53 % is allowed",
        ),
        (
            Breach("per_day_share", 0.01, None, "chat"),
            "over the cap per_day_share: a share of nobody knows how many where 1 % is allowed",
        ),
    ],
    ids=str,
)
def test_a_breach_says_what_it_comes_to_and_what_is_allowed(breach: Breach, said: str) -> None:
    found = preview([], [breach], active=lambda _: None)
    assert found.text == f"would act on nothing, 0 protected, 0 already; {said}."


def test_each_breach_is_said() -> None:
    both = [Breach("per_run", 200, 214), Breach("per_day", 1000, 1214)]
    assert preview([], both, active=lambda _: None).text.endswith(
        "; over the cap per_run: 214 where 200 are allowed"
        "; over the cap per_day: 1214 where 1000 are allowed."
    )


def test_what_is_not_known_is_said_to_be_unknown(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    found = preview(list(room.rows().values()), [], active=lambda _: None)
    assert "of nobody knows how many active in chat" in found.text


def test_nothing_is_a_preview_too() -> None:
    found = preview([], [], active=lambda _: 1000)
    assert found.text == "would act on nothing, 0 protected, 0 already; caps: hold."
