import re

from monitors.contract import Severity
from orchestration.oncall import people_yaml
from orchestration.oncall.delivery import told_at
from orchestration.oncall.ladders import Ladder, due_steps
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.roles import PERMITTED
from orchestration.oncall.rota import ladder_for, next_handover, on_call, receiver
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.oncall.builders import ROOT, utc

PAGE = (ROOT / "docs" / "oncall.md").read_text(encoding="utf-8")
PEOPLE, ROTA = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SHOWN = parse_rota(ROTA, parse_people(PEOPLE))


def ladder(severity: Severity) -> Ladder:
    found = ladder_for(SHOWN, severity, "chat-safety")
    assert found is not None
    return found


def test_the_page_names_every_key_of_a_person() -> None:
    assert [key for key in people_yaml.PERSON if f"| `{key}` |" not in PAGE] == []


def test_the_page_names_every_role_and_no_other() -> None:
    table = PAGE.split("| role | may |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [role.value for role in PERMITTED]


def test_the_pages_s1_climbs_as_it_says() -> None:
    opened, pointer, told = utc("2026-03-04T22:00"), 0, []
    for minute in (0, 10, 20, 50):
        now = utc(f"2026-03-04T22:{minute:02}")
        steps, pointer, _ = due_steps(ladder(Severity.S1), opened, now, pointer)
        told += [str(receiver(SHOWN, due.target, due.at)) for due in steps]
    assert told == [
        "Someone(person='lynx-3')",
        "Someone(person='heron-7')",
        "Channel(channel='C0URGENT')",
        "Someone(person='lynx-3')",
    ]


def test_the_pages_downtime_is_made_up_for_once() -> None:
    opened, now = utc("2026-03-04T22:00"), utc("2026-03-04T22:15")
    steps, _, next_at = due_steps(ladder(Severity.S1), opened, now, 0)
    assert [str(receiver(SHOWN, due.target, due.at)) for due in steps] == [
        "Someone(person='lynx-3')",
        "Someone(person='heron-7')",
    ]
    assert next_at == utc("2026-03-04T22:20")


def test_the_pages_s2_waits_for_monday() -> None:
    opened = utc("2026-03-06T15:00")
    assert told_at(SHOWN.delivery, Severity.S2, opened) == opened
    monday = utc("2026-03-09T09:00")
    assert due_steps(ladder(Severity.S2), opened, opened, 0).next_at == monday
    assert told_at(SHOWN.delivery, Severity.S2, utc("2026-03-06T17:01")) == monday


def test_the_pages_stand_in_and_hand_over_are_as_it_says() -> None:
    assert on_call(SHOWN, "chat-safety", utc("2026-03-19T12:00")) == "heron-7"
    assert next_handover(SHOWN, "chat-safety", utc("2026-03-29T12:00")) == utc("2026-03-30T09:00")
