from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.intake.rules import rules
from orchestration.settings import HERE, Settings, load

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> Settings:
    """The files that are shipped, to be changed."""
    for name in ("people", "rota", "routes"):
        text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return replace(
        load({}),
        people=tmp_path / "people.yaml",
        rota=tmp_path / "rota.yaml",
        routes=tmp_path / "routes.yaml",
    )


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def test_the_shipped_files_go_together(ledger: Engine, files: Settings) -> None:
    assert rules(ledger, files, now=NOON).wrong == {}


def test_people_without_somebody_whom_the_rota_names_do_not_come_into_force(
    ledger: Engine, files: Settings
) -> None:
    before = rules(ledger, files, now=NOON)
    text = files.people.read_text(encoding="utf-8")
    write(files.people, text.replace("id: heron-7", "id: heron-8"))

    after = rules(ledger, files, now=NOON)

    assert set(after.wrong) == {"people"}
    assert "heron-7" in after.wrong["people"]
    assert after.roster == before.roster
    assert after.rota == before.rota


def test_a_broken_rota_leaves_all_three_as_they_were(ledger: Engine, files: Settings) -> None:
    before = rules(ledger, files, now=NOON)
    write(files.rota, "teams: [")

    after = rules(ledger, files, now=NOON)

    assert "rota.yaml:1" in after.wrong["rota"]
    assert (after.roster, after.rota, after.config) == (before.roster, before.rota, before.config)
