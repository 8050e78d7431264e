"""The checklists that are shipped, and the schema that editors complete them by."""

from pathlib import Path

import pytest

from launch_checklists.items import items
from launch_checklists.parts import STAGES
from monitors.registry import registry
from orchestration.launch.checklist_yaml import Names
from orchestration.launch.products import load_checklist, named
from orchestration.launch.schema import FILE, FIRST_LINE, schema_text
from orchestration.oncall.people_yaml import parse_people
from orchestration.settings import CHECKLISTS
from tests.support.executing import LIVE

SHIPPED = named(CHECKLISTS)
ROOT = Path(__file__).parents[2]


def names() -> Names:

    people = parse_people((ROOT / "orchestration" / "people.yaml").read_text(encoding="utf-8"))
    return Names(
        frozenset(registry().monitors),
        LIVE.enforcement.known,
        frozenset(LIVE.desks.queues) | {"cyber", "integrity", "fraud"},
        frozenset(people.by_id) | people.teams,
    )


def test_there_are_four() -> None:
    assert SHIPPED == ["agents", "chat", "images", "live"]


@pytest.mark.parametrize("product", SHIPPED)
def test_each_is_sound_and_names_what_there_is(product: str) -> None:
    found = load_checklist(CHECKLISTS, product, names=names())
    for stage in STAGES:
        ids = [one.id for one in items(found, stage)]
        assert len(ids) == len(set(ids))
    wanted = {need.id for harm in found.harms for need in harm.monitors}
    assert wanted <= set(registry().monitors)
    assert (CHECKLISTS / f"{product}.yaml").read_text(encoding="utf-8").startswith(FIRST_LINE)


def test_the_schema_that_is_kept_is_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text()
