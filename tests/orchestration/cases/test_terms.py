import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.cases.terms import Terms, terms
from orchestration.settings import HERE, Settings, load
from orchestration.yaml_lines import YamlError
from tests.support.ledgers import NOON

FILES = ("queues", "policies", "enforcement", "people", "rota", "routes")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose files are copies of the shipped ones."""
    for name in FILES:
        shutil.copy(HERE / f"{name}.yaml", tmp_path)
    paths = {f"WATCHFLOOR_{name.upper()}": str(tmp_path / f"{name}.yaml") for name in FILES}
    return load({"WATCHFLOOR_HOME": str(tmp_path), **paths})


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def read(ledger: Engine, settings: Settings) -> Terms:
    return terms(ledger, settings, now=NOON)


SPAM = "version: 1\n    title: Spam\n"


def test_the_shipped_files_are_in_force(ledger: Engine, settings: Settings) -> None:
    found = read(ledger, settings)
    assert found.wrong == {}
    assert found.desks.default == "general"
    assert found.policies.of("spam").version == 1
    assert "warn" in found.enforcement.actions
    assert "finch-1" in found.roster.by_id
    assert found.seed == "watchfloor"


def test_a_text_that_changed_without_a_new_version_is_refused(
    ledger: Engine, settings: Settings
) -> None:
    before = read(ledger, settings)
    edit(settings.policies, SPAM, "version: 1\n    title: Junk\n")
    found = read(ledger, settings)
    assert found.policies == before.policies
    assert "Policy 'spam' changed (title) but is still version 1" in found.wrong["policies"]
    edit(settings.policies, "version: 1\n    title: Junk\n", "version: 2\n    title: Junk\n")
    found = read(ledger, settings)
    assert found.wrong == {}
    assert found.policies.of("spam").title == "Junk"


def test_a_wrong_file_leaves_the_last_sound_one_in_force_and_is_named(
    ledger: Engine, settings: Settings
) -> None:
    before = read(ledger, settings)
    edit(settings.queues, "default: general", "default: generalx")
    found = read(ledger, settings)
    assert found.desks == before.desks
    assert "did you mean 'general'" in found.wrong["queues"]


def test_rules_come_into_force_only_if_the_policies_go_with_them(
    ledger: Engine, settings: Settings
) -> None:
    before = read(ledger, settings)
    edit(settings.enforcement, "  restrict_messaging:\n", "  limit_messaging:\n")
    found = read(ledger, settings)
    assert found.enforcement == before.enforcement
    assert "restrict_messaging" in found.wrong["enforcement"]
    assert found.policies == before.policies


def test_rules_and_policies_that_changed_together_come_into_force_together(
    ledger: Engine, settings: Settings
) -> None:
    read(ledger, settings)
    edit(settings.enforcement, "mode: dry_run", "mode: live")
    edit(settings.policies, SPAM, "version: 2\n    title: Junk\n")
    found = read(ledger, settings)
    assert found.wrong == {}
    assert found.enforcement.mode == "live"
    assert found.policies.of("spam").version == 2


def test_rules_wait_for_policies_that_changed_without_a_version(
    ledger: Engine, settings: Settings
) -> None:
    read(ledger, settings)
    edit(settings.enforcement, "mode: dry_run", "mode: live")
    edit(settings.policies, SPAM, "version: 1\n    title: Junk\n")
    found = read(ledger, settings)
    assert found.enforcement.mode == "dry_run"
    assert set(found.wrong) == {"enforcement", "policies"}


def test_policies_that_cannot_be_read_leave_the_last_ones(
    ledger: Engine, settings: Settings
) -> None:
    before = read(ledger, settings)
    settings.policies.unlink()
    found = read(ledger, settings)
    assert found.policies == before.policies
    assert set(found.wrong) == {"policies"}


def test_a_file_that_was_never_sound_is_an_error(ledger: Engine, settings: Settings) -> None:
    edit(settings.queues, "default: general", "default: generalx")
    with pytest.raises(YamlError, match=r"queues\.yaml"):
        read(ledger, settings)


def test_queues_stay_in_force_when_nobody_has_their_skill_any_more(
    ledger: Engine, settings: Settings
) -> None:
    before = read(ledger, settings)
    edit(settings.people, "skills: [child-safety, en]", "skills: [spam]")
    found = read(ledger, settings)
    assert found.desks == before.desks
    assert "child-safety" in found.wrong["queues"]
    assert found.roster.by_id["finch-1"].skills == {"spam"}
