from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.cli.checks_of_work import (
    approvers,
    checklists,
    enforcement,
    queues_and_policies,
    reviewers,
    service,
)
from orchestration.cli.ledger import made
from orchestration.settings import Service, Settings, load
from tests.orchestration.reference_service.services import SECRET, running

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = load({"WATCHFLOOR_HOME": str(tmp_path)})
    made(found.ledger)
    return found


@pytest.fixture
def written(settings: Settings, tmp_path: Path) -> Callable[[str, str], Settings]:
    """Settings with another file; several are with each other."""
    folder = tmp_path / "written"
    folder.mkdir()

    def write(name: str, text: str) -> Settings:
        (folder / name).write_text(text, encoding="utf-8")
        there = {path.stem: path for path in folder.iterdir()}
        return replace(settings, **there)  # type: ignore[arg-type] - all are paths

    return write


def changed(path: Path, old: str, new: str) -> str:
    text = path.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


def test_the_shipped_files_are_sound_in_dry_run_and_have_people_enough(settings: Settings) -> None:
    state, found, _ = queues_and_policies(settings)
    assert (state, found.startswith("6 queues, ")) == ("OK", True)
    state, found, _ = enforcement(settings)
    assert (state, found.startswith("dry_run: "), "live: " in found) == ("OK", True, False)
    assert service(settings) == ("OK", "none is set: nothing can be carried out", "")
    assert approvers(settings) == ("OK", "2 people may approve", "")
    assert reviewers(settings)[0] == "OK"


def test_a_checklist_that_cannot_be_read_fails_with_its_line(
    settings: Settings, tmp_path: Path
) -> None:
    assert checklists(settings) == ("OK", "4: agents, chat, images, live", "")
    folder = tmp_path / "products"
    folder.mkdir()
    text = changed(settings.checklists / "agents.yaml", "queue: cyber", "queue: cyberr")
    (folder / "agents.yaml").write_text(text, encoding="utf-8")
    state, found, mend = checklists(replace(settings, checklists=folder))
    assert (state, mend) == ("FAIL", "Mend the lines named.")
    assert "agents.yaml:" in found
    assert "did you mean 'cyber'?" in found


def test_without_a_ledger_each_says_how_to_make_it(tmp_path: Path) -> None:
    bare = load({"WATCHFLOOR_HOME": str(tmp_path)})
    for check in (queues_and_policies, enforcement, approvers, reviewers):
        state, found, mend = check(bare)
        assert (state, mend) == ("FAIL", "watchfloor ledger init")
        assert "There is no ledger at" in found


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("queues", "default: general", "default: nowhere"),
        ("policies", "severity: S0", "severity: S9"),
        ("enforcement", "per_run: 200", "per_run: 0"),
    ],
)
def test_a_broken_file_fails_with_its_line_while_the_last_one_holds(
    settings: Settings,
    written: Callable[[str, str], Settings],
    name: str,
    old: str,
    new: str,
) -> None:
    assert queues_and_policies(settings)[0] == "OK"
    broken = written(f"{name}.yaml", changed(getattr(settings, name), old, new))
    state, found, mend = queues_and_policies(broken)
    assert (state, mend) == ("FAIL", "Mend the lines named.")
    assert found.startswith(f"the last sound ones hold: {name}.yaml:")


def test_a_file_that_was_never_sound_fails_every_check_that_needs_it(
    written: Callable[[str, str], Settings],
) -> None:
    broken = written("queues.yaml", "queues: []\n")
    for check in (queues_and_policies, enforcement, approvers, reviewers):
        state, found, mend = check(broken)
        assert (state, "queues.yaml:1" in found) == ("FAIL", True)
        assert mend == "Mend the lines named. No case is opened or decided before."


def test_a_live_product_without_a_service_fails_and_says_what_is_lacking(
    settings: Settings, written: Callable[[str, str], Settings]
) -> None:
    shipped = settings.enforcement
    rules = changed(shipped, "mode: dry_run", "mode: dry_run\nproducts: {web: live}")
    live = written("enforcement.yaml", rules)
    state, found, mend = enforcement(live)
    assert (state, found.startswith("live: web; dry_run: ")) == ("FAIL", True)
    assert found.endswith("but the service has no address and no secret")
    assert "WATCHFLOOR_SERVICE_URL and WATCHFLOOR_SERVICE_SECRET" in mend
    half = replace(live, service=Service(url=NOWHERE))
    assert enforcement(half)[1].endswith("but the service has no secret")
    whole = replace(live, service=Service(NOWHERE, SECRET.decode()))
    assert enforcement(whole)[0] == "OK"
    everywhere = written("enforcement.yaml", changed(shipped, "mode: dry_run", "mode: live"))
    state, found, _ = enforcement(everywhere)
    assert (state, "dry_run" in found) == ("FAIL", False)


def test_a_service_that_knows_our_secret_answers_and_does_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    with running(folder, clock=lambda: datetime.now(UTC)) as client:
        before = client.log()
        known = replace(settings, service=Service(client.url, SECRET.decode()))
        assert service(known) == ("OK", "it answers signed requests", "")
        assert client.log() == before
        other = replace(settings, service=Service(client.url, "canary-" * 6))
        state, found, mend = service(other)
        assert (state, "The service refused: wrong_signature" in found) == ("FAIL", True)
        assert "docs/executors.md" in mend
        assert "canary" not in found + mend


def test_a_service_that_is_away_or_cannot_be_asked_fails(settings: Settings) -> None:
    away = replace(settings, service=Service(NOWHERE, SECRET.decode()))
    state, _, mend = service(away)
    assert (state, mend) == ("FAIL", "See that it runs, and has our secret; docs/executors.md.")
    for wrong, said in (
        (Service(NOWHERE, "short"), "wanted at least 32"),
        (Service("ftp://x", SECRET.decode()), "is none of the web"),
    ):
        state, found, mend = service(replace(settings, service=wrong))
        assert (state, said in found) == ("FAIL", True)
        assert mend.startswith("Set WATCHFLOOR_SERVICE_URL")


def test_a_single_approver_is_a_warning(
    settings: Settings, written: Callable[[str, str], Settings]
) -> None:
    text = settings.people.read_text(encoding="utf-8")
    few = written("people.yaml", text.replace("[approver]", "[viewer]", 1))
    state, found, mend = approvers(few)
    assert (state, found.startswith("1 may approve; wanted 2")) == ("WARN", True)
    assert mend == "Give the role approver to 2 people in people.yaml."
    none = written("people.yaml", text.replace("[approver]", "[viewer]"))
    assert approvers(none)[1].startswith("0 may approve")


def test_queues_that_nobody_has_the_skills_for_are_named(
    settings: Settings, written: Callable[[str, str], Settings]
) -> None:
    assert reviewers(settings)[0] == "OK"
    untrained = changed(settings.people, "skills: [child-safety, en]", "skills: [spam]")
    state, found, mend = reviewers(written("people.yaml", untrained))
    assert (state, found) == ("FAIL", "nobody can take cases of child-safety, self-harm")
    assert mend == "Give somebody who reviews the skills of each, in people.yaml."
