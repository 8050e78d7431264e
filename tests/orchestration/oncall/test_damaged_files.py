"""Files damaged at random are read or refused with a line; nothing else happens."""

from hypothesis import given

from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.oncall.builders import ROOT, UNHURRIED
from tests.support.damage import damaged, refused

PEOPLE = (ROOT / "orchestration" / "people.yaml").read_text(encoding="utf-8")
ROTA = (ROOT / "orchestration" / "rota.yaml").read_text(encoding="utf-8")
ROSTER = parse_people(PEOPLE)
MORE = ("0001-01-01", "9999-12-31", "2026-02-30", "24:00")


@UNHURRIED
@given(damaged(PEOPLE, *MORE))
def test_damaged_people_are_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_people(text))
    assert all(line.startswith("people.yaml:") for line in said.splitlines())


@UNHURRIED
@given(damaged(ROTA, *MORE))
def test_a_damaged_rota_is_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_rota(text, ROSTER))
    assert all(line.startswith("rota.yaml:") for line in said.splitlines())
