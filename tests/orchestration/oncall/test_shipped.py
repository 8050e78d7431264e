from monitors.registry import registry
from orchestration.oncall.people_yaml import parse_people
from tests.orchestration.oncall.builders import ROOT

TEXT = (ROOT / "orchestration" / "people.yaml").read_text(encoding="utf-8")


def test_every_owner_of_a_monitor_is_a_team_that_somebody_is_in() -> None:
    owners = {monitor.owner for monitor in registry().monitors.values()}
    assert owners <= parse_people(TEXT).teams


def test_the_shipped_people_are_made_up_and_have_no_address() -> None:
    assert "@" not in TEXT
    assert all(person.slack == f"U0{person.id.replace('-', '').upper()}"
               for person in parse_people(TEXT).people)  # fmt: skip
