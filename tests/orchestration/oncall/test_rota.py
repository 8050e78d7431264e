import pytest

from monitors.contract import Severity
from orchestration.oncall.delivery import told_at
from orchestration.oncall.errors import RotaError
from orchestration.oncall.ladders import Channel, OnCall, Someone, due_steps
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota import (
    ladder_for,
    next_handover,
    on_call,
    receiver,
    shifts,
)
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.oncall.builders import MINUTE, ROOT, utc

SHIPPED = ROOT / "orchestration"
PEOPLE = parse_people((SHIPPED / "people.yaml").read_text(encoding="utf-8"))
ROTA = parse_rota((SHIPPED / "rota.yaml").read_text(encoding="utf-8"), PEOPLE)
CHRISTMAS_EVE = utc("2026-12-24T12:00")


def test_somebody_is_on_call_in_each_layer_until_the_hand_over() -> None:
    assert on_call(ROTA, "chat-safety", CHRISTMAS_EVE) == "koala-9"
    assert on_call(ROTA, "chat-safety", CHRISTMAS_EVE, 2) == "heron-7"
    assert next_handover(ROTA, "chat-safety", CHRISTMAS_EVE) == utc("2026-12-28T10:00")
    assert next_handover(ROTA, "platform-integrity", CHRISTMAS_EVE, 2) == utc("2026-12-25T08:00")
    week = shifts(ROTA, "chat-safety", utc("2026-12-21T00:00"), utc("2026-12-28T00:00"))
    assert [shift.person for shift in week] == ["otter-2", "lynx-3", "koala-9"]


def test_a_team_or_layer_that_is_not_there_is_refused() -> None:
    with pytest.raises(
        RotaError, match=r"no rota of a team 'chat-safty'; did you mean 'chat-safety'\?"
    ):
        on_call(ROTA, "chat-safty", CHRISTMAS_EVE)
    with pytest.raises(RotaError, match="no rota of a team 'x'; there are chat-safety, platform-"):
        next_handover(ROTA, "x", CHRISTMAS_EVE)
    with pytest.raises(RotaError, match="chat-safety has no layer 0; it has 1 to 2"):
        shifts(ROTA, "chat-safety", CHRISTMAS_EVE, CHRISTMAS_EVE, 0)


@pytest.mark.parametrize(
    ("severity", "team", "name"),
    [
        (Severity.S0, "api-security", "platform"),
        (Severity.S1, "chat-safety", "urgent"),
        (Severity.S0, "a team that is new", "urgent"),
        (Severity.S2, "api-security", "calm"),
        (Severity.S3, "chat-safety", None),
    ],
)
def test_the_first_ladder_that_matches_is_climbed(
    severity: Severity, team: str, name: str | None
) -> None:
    found = ladder_for(ROTA, severity, team)
    assert (found.name if found else None) == name


def test_targets_become_who_is_on_call_at_that_moment() -> None:
    assert receiver(ROTA, OnCall("chat-safety"), CHRISTMAS_EVE) == Someone("koala-9")
    assert receiver(ROTA, Someone("wren-5"), CHRISTMAS_EVE) == Someone("wren-5")
    assert receiver(ROTA, Channel("C0URGENT"), CHRISTMAS_EVE) == Channel("C0URGENT")


def test_a_night_with_the_shipped_rota() -> None:
    ladder = ladder_for(ROTA, Severity.S1, "chat-safety")
    assert ladder is not None
    told, pointer, at = [], 0, CHRISTMAS_EVE
    for _ in range(3):
        progress = due_steps(ladder, CHRISTMAS_EVE, at, pointer)
        told += [receiver(ROTA, due.target, due.at) for due in progress.steps]
        pointer, at = progress.pointer, progress.next_at or at
    assert told == [Someone("koala-9"), Someone("heron-7"), Someone("ibex-4"), Channel("C0URGENT")]
    assert at == CHRISTMAS_EVE + 50 * MINUTE
    assert told_at(ROTA.delivery, Severity.S2, CHRISTMAS_EVE + 6 * 60 * MINUTE) == utc(
        "2026-12-29T09:00"
    )
