from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import delete

from assets.retention import retention
from monitors.registry import registry
from orchestration.alerting import Alerting
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.database import connect, writing
from orchestration.ledger.seals import read_seals, seals_in
from orchestration.ledger.tables import audit
from orchestration.resources import Clock, LakeResource
from orchestration.settings import Settings, load
from tests.support.copies import new_ledger
from tests.support.lakes import put
from tests.support.ledgers import act

NIGHT = datetime(2026, 11, 22, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with a ledger that has one act beside its making."""
    found = load({"WATCHFLOOR_HOME": str(tmp_path)})
    engine = new_ledger(found.ledger)
    with writing(engine) as connection:
        append(connection, act=act(), verb="test", object_id="o")
    engine.dispose()
    return found


def night(settings: Settings, now: datetime) -> tuple[dict[str, object], dg.AssetCheckEvaluation]:
    alerting = Alerting(settings, registry())
    resources = {
        "lake": LakeResource.of(settings),
        "clock": Clock(at=now.isoformat()),
        "alerting": alerting,
    }
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize([retention], instance=instance, resources=resources)
    alerting.engine.dispose()
    (made,) = done.asset_materializations_for_node("watchfloor__retention")
    (check,) = done.get_asset_check_evaluations()
    return {name: value.value for name, value in made.metadata.items()}, check


def test_a_night_deletes_what_is_past_its_time_and_says_how_much(settings: Settings) -> None:
    lake = Lake(settings.lake)
    for age in (95, 1):
        put(lake, "chat", "prompts", [{"occurred_at": NIGHT - age * DAY, "text": "x"}])
    found, _ = night(settings, NIGHT)
    assert found == {
        "files_deleted": 2,
        "ledger_rows_deleted": 0,
        "runs_deleted": 0,
        "events/prompts": 1,
        "text/prompts": 1,
    }
    assert len(lake.days("events/prompts", "chat")) == 1


def test_each_night_seals_the_audit_and_says_when_that_was_done_before(settings: Settings) -> None:
    _, first = night(settings, NIGHT)
    _, second = night(settings, NIGHT + DAY)
    seals = read_seals(seals_in(settings.home))
    assert [(seal.seq, seal.at) for seal in seals] == [(2, NIGHT), (2, NIGHT + DAY)]
    assert first.passed
    assert first.metadata["last_seal_before"].value == "none"
    assert second.passed
    assert second.metadata["last_seal_before"].value == NIGHT.isoformat()


def test_a_night_that_was_left_out_is_seen_on_the_next(settings: Settings) -> None:
    night(settings, NIGHT)
    _, check = night(settings, NIGHT + 2 * DAY)
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["wrong"].value == "nothing was sealed for more than a day"


def test_an_audit_that_was_cut_since_the_last_seal_is_an_error(settings: Settings) -> None:
    night(settings, NIGHT)
    engine = connect(settings.ledger)
    with writing(engine) as connection:
        connection.execute(delete(audit).where(audit.c.seq == 2))
    engine.dispose()
    _, check = night(settings, NIGHT + DAY)
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert "ledger verify" in str(check.metadata["wrong"].value)
