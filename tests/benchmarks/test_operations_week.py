from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.operations.people import APPROVERS, REVIEWERS, Reviewer, people_yaml
from benchmarks.operations.product import Clock, product
from benchmarks.operations_week import BAD, HERE, main
from monitors.registry import discover
from orchestration.oncall.people_yaml import parse_people
from tests.support.executing import LIVE

NIGHT = Reviewer("owl-1", ("spam",), 22, range(5), 0.9, 0.9, 10)
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "works"),
    [
        ("2026-03-09T21:59", False),
        ("2026-03-09T22:00", True),
        ("2026-03-10T05:59", True),
        ("2026-03-10T06:00", False),
        ("2026-03-14T05:00", True),  # a Saturday, in the shift of Friday
        ("2026-03-14T22:00", False),
    ],
)
def test_a_night_shift_is_of_the_day_on_which_it_began(at: str, works: bool) -> None:  # noqa: FBT001 - a parameter
    assert NIGHT.works(datetime.fromisoformat(at).replace(tzinfo=UTC)) is works


def test_who_works_on_workdays_begins_again_on_monday() -> None:
    friday = datetime(2026, 3, 13, 23, tzinfo=UTC)
    assert NIGHT.next_shift(friday) == datetime(2026, 3, 16, 22, tzinfo=UTC)


def test_everybody_of_the_week_is_in_its_people() -> None:
    known = parse_people(people_yaml()).by_id
    assert {*APPROVERS, *(one.id for one in REVIEWERS)} <= known.keys()


def test_the_bad_monitor_is_a_sound_one() -> None:
    assert discover(HERE, "benchmarks.operations.monitors").get(BAD).action == "suspend_account"


def test_a_product_has_those_who_are_acted_on_once(tmp_path: Path) -> None:
    with product(tmp_path, Clock(MONDAY)) as made:
        made.knows([("account_id", "amy"), ("account_id", "bob")], LIVE.enforcement)
        made.knows([("account_id", "amy")], LIVE.enforcement)
        assert made.now() == made.before
        assert made.now()["account_id", "amy", "access"] == '"active"'
        fields = {place[2] for place in made.before if place[1] == "amy"}
        assert len([1 for _, kind, _ in made.log() if kind == "by_hand"]) == 2 * len(fields)


@pytest.mark.timeout(900)
def test_a_day_leaves_ledger_and_service_in_agreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--live", "--days", "1", "--home", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "| in which ledger and service do not agree | 0 | 0 |" in said.out
    assert "| enforcements by state | " in said.out
    assert said.err == ""
