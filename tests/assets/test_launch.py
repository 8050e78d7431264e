"""Launches in Dagster: a report with a check per item, always made, and a gate that fails."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy import Engine

from assets.launch import check_name, launch_assets
from orchestration.alerting import Alerting
from orchestration.lake import Lake
from orchestration.resources import Clock
from orchestration.working import Working
from tests.support.launched import DAY, Live, declared, live
from tests.support.place import Place

REPORT, GATE = dg.AssetKey(["launch", "web"]), dg.AssetKey(["launch", "web", "gate"])


@pytest.fixture
def product(tmp_path: Path, ledger: Engine, url: str) -> Iterator[Live]:
    """A product whose checklist is a file, at ten percent."""
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        made = live(Place(tmp_path, Lake(str(tmp_path / "lake")), instance), ledger, url)
        folder = tmp_path / "checklists"
        folder.mkdir()
        made.settings = replace(made.settings, checklists=folder)
        declare(made)
        yield made


def declare(made: Live) -> None:
    found = declared(made.made)
    found["product"]["stage"] = 10
    text = yaml.safe_dump(found, sort_keys=False)
    (made.settings.checklists / "web.yaml").write_text(text, encoding="utf-8")


def run(made: Live, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
    working = Working(Alerting(made.settings, made.place.registry()))
    try:
        return dg.materialize(
            launch_assets(made.settings),
            selection=dg.AssetSelection.assets(*keys),
            instance=made.place.instance,
            resources={"working": working, "clock": Clock(at=made.now.isoformat())},
            raise_on_error=False,
        )
    finally:
        working.engine.dispose()


def checks(done: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, str]]:
    return {
        one.check_name: (one.passed, one.severity.value)
        for one in done.get_asset_check_evaluations()
    }


def test_each_item_has_a_check_and_what_is_wrong_wakes_nobody_before_the_launch(
    product: Live,
) -> None:
    done = run(product, REPORT)
    assert done.success
    found = checks(done)
    assert found["checklist"] == (True, "ERROR")
    assert found["monitors_web_a_canary"] == (True, "WARN")
    assert found["quality_raters"] == (False, "WARN")
    assert len(found) == len(product.report().results) + 1
    product.check("canary", passed=False)
    product.now += 40 * DAY
    after = checks(run(product, REPORT))
    assert after["data_api_requests_events"] == (False, "ERROR")
    assert after["monitors_web_a_checks"][0] is False


def test_the_gate_fails_its_run_and_the_report_is_made_all_the_same(product: Live) -> None:
    done = run(product, REPORT, GATE)
    assert len(done.get_asset_materialization_events()) == 2
    assert checks(done)["gate"] == (False, "ERROR")
    metadata = done.get_asset_materialization_events()[0].materialization.metadata
    assert metadata["verdict"].value == "fail"
    assert metadata["first_to_mend"].value == "runbooks.scraping"  # the checkout has none
    assert "# web at 10 %: may not begin" in str(metadata["report"].value)


def test_a_file_that_cannot_be_read_is_said_and_opens_no_gate(product: Live) -> None:
    path = product.settings.checklists / "web.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("surfaces:", "surfces:"))
    done = run(product, REPORT)
    assert checks(done) == {"checklist": (False, "ERROR")}
    assert not run(product, REPORT, GATE).success


def test_an_items_id_is_a_name_that_dagster_takes(product: Live) -> None:
    names = [check_name(one.item) for one in product.report().results]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() for name in names)
