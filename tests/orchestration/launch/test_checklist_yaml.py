import re

import pytest
import yaml

from launch_checklists.checklist import Checklist
from orchestration.launch.checklist_yaml import Names, read_checklist
from orchestration.yaml_lines import YamlError
from tests.support.launch import MONITOR, checklist, declared, waiver

TEXT = yaml.safe_dump(declared(), sort_keys=False)
NAMES = Names(
    frozenset({MONITOR}),
    frozenset({"warn"}),
    frozenset({"integrity"}),
    frozenset({"team-voice", "ana", "ben", "wren"}),
)


def read(text: str) -> Checklist:
    return read_checklist(text, name="voice_notes.yaml", names=NAMES)


def mistakes(text: str) -> list[str]:
    with pytest.raises(YamlError) as refused:
        read(text)
    return str(refused.value).splitlines()


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_sound_text_is_the_checklist_that_it_says() -> None:
    assert read(TEXT) == checklist()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("surfaces:", "surfces:", "there is no setting 'surfces' here; did you mean 'surfaces'?"),
        ("max_age: 2h", "max_age: two", "wanted a length of time such as 30m, 2h or 14d."),
        ("id: cbrn", "id: cbrm", "harms.9.id: there is no 'cbrm'; did you mean 'cbrn'?"),
        ("tier: 1", "tier: 9", "product.tier: input should be 0, 1, 2 or 3."),
        ("launch: 2026-04-01", "launch: 2026-04-31", "product.launch: "),
        (MONITOR, "voice_notes/mass_note", f"did you mean '{MONITOR}'?"),
        ("- warn", "- warm", "there is no action 'warm'; did you mean 'warn'?"),
        ("queue: integrity", "queue: integrty", "did you mean 'integrity'?"),
        ("rollback_owner: ben", "rollback_owner: bem", "there is no person or team 'bem'"),
        ("path: /appeal", "path: /appeal\n  path: /x", "'path' is there twice; keep one."),
        ("  launch: 2026-04-01", "  launch: 2026-04-01\n  stages: [200]", "1, 10, 50 or 100"),
    ],
)
def test_each_mistake_has_its_line_and_remedy(old: str, new: str, says: str) -> None:
    text = TEXT.replace(old, new, 1)
    found = [one for one in mistakes(text) if says in one]
    assert len(found) == 1
    place = re.match(r"voice_notes\.yaml:(\d+): ", found[0])
    assert place is not None
    assert abs(int(place[1]) - line_of(text, new.splitlines()[-1])) <= 1


def test_every_mistake_is_told_at_once() -> None:
    text = TEXT.replace("surfaces:", "surfces:").replace("max_lag: 30m", "max_lag: soon")
    assert len(mistakes(text)) == 3  # the surfaces are missing, too


def test_a_waiver_that_starts_after_it_ends_is_told_with_its_line() -> None:
    text = yaml.safe_dump(
        declared(waivers=[waiver(expires=waiver()["created"].replace(day=1))]), sort_keys=False
    )
    (found,) = mistakes(text)
    assert "waivers.0: it was made on 2026-03-05 and ends on 2026-03-01" in found
    assert found.startswith(f"voice_notes.yaml:{line_of(text, 'item: runbooks.spam')}: ")


@pytest.mark.parametrize("text", [TEXT[: len(TEXT) // 2], "", "a: [", "- 1"])
def test_a_half_written_file_is_refused_with_a_line(text: str) -> None:
    assert all(re.match(r"voice_notes\.yaml:\d+: .", one) for one in mistakes(text))


def test_a_monitor_that_nothing_is_called_like_is_left_to_the_gate() -> None:
    found = read(TEXT.replace(MONITOR, "voice_notes/robocalls", 1))
    assert found.harms[0].monitors[0].id == "voice_notes/robocalls"
