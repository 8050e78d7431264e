from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from orchestration.manifests import Manifest, read_manifest
from tests.support.place import NOON, Place

A, B = ("web", "monitors", "a"), ("web", "monitors", "b")
EVALUATIONS = ("web", "evaluations")


def materialized(result: dg.ExecuteInProcessResult, key: tuple[str, ...]) -> list[Any]:
    events = result.asset_materializations_for_node(f"{key[0]}__monitors_hourly")
    return [e for e in events if e.asset_key == dg.AssetKey(list(key))]


def checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], dg.AssetCheckResult]:
    found = result.get_asset_check_evaluations()
    return {(e.asset_key.path[-1], e.check_name): e for e in found}


def manifest(place: Place, name: str) -> Manifest:
    found = read_manifest(place.lake, place.registry().get(f"web/{name}"), NOON)
    assert found is not None
    return found


def test_every_monitor_of_a_product_is_evaluated_in_one_step(place: Place) -> None:
    place.monitor("a")
    place.monitor("b")
    place.events("loud", 3)
    place.events("quiet", 1)

    result = place.run(A, B, EVALUATIONS)

    assert result.success
    assert [e.step_key for e in result.get_step_success_events()] == ["web__monitors_hourly"]
    (found,) = materialized(result, A)
    assert found.metadata["findings"].value == 1
    assert found.metadata["entities_scored"].value == 2
    assert found.metadata["rows_read"].value == 4
    assert manifest(place, "b").flagged == 1


def test_a_sabotaged_monitor_fails_alone_and_visibly(place: Place) -> None:
    place.monitor("a")
    place.monitor("b", body='api_requests.select("no_such_column")')
    place.events("loud", 3)

    result = place.run(A, B, EVALUATIONS)

    assert result.success
    assert len(materialized(result, A)) == 1
    assert materialized(result, B) == []
    assert not checks(result)["b", "evaluated"].passed
    assert checks(result)["b", "evaluated"].severity == dg.AssetCheckSeverity.ERROR
    assert checks(result)["a", "evaluated"].passed
    assert not checks(result)["evaluations", "coverage"].passed
    assert manifest(place, "b").status == "failed"
    assert len(materialized(result, EVALUATIONS)) == 1


def test_a_file_that_does_not_load_is_an_asset_with_a_failed_check(place: Place) -> None:
    place.monitor("a")
    place.file("web", "b.py", "this is no python")
    place.events("loud", 3)

    result = place.run(A, B, EVALUATIONS)

    assert result.success
    assert "SyntaxError" in checks(result)["b", "evaluated"].metadata["error"].value
    assert len(materialized(result, A)) == 1


def test_the_step_fails_when_every_monitor_fails(place: Place) -> None:
    place.monitor("a", body='api_requests.select("no_such_column")')
    place.events("loud", 3)

    result = place.run(A, EVALUATIONS)

    assert not result.success
    assert len(materialized(result, EVALUATIONS)) == 1


def test_many_partitions_in_one_run_each_have_their_own_numbers(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    place.events("loud", 5, at=NOON + timedelta(hours=1))

    result = place.run(A, first="2026-11-03-12:00", last="2026-11-03-14:00")

    by_partition = {e.partition: e.metadata for e in materialized(result, A)}
    assert {k: v["rows_read"].value for k, v in by_partition.items()} == {
        "2026-11-03-12:00": 8,
        "2026-11-03-13:00": 8,
        "2026-11-03-14:00": 8,
    }
    assert [by_partition[k]["findings"].value for k in sorted(by_partition)] == [1, 1, 0]


def test_partitions_that_failed_are_not_shown_as_materialised(place: Place) -> None:
    bad = (
        'api_requests.filter(pl.col("account_id").cast(pl.Int64) > 0)'
        '.select("account_id", score=pl.lit(1.0), window_start="occurred_at",'
        ' window_end="occurred_at")'
    )
    place.monitor("a", body=bad)
    place.events("not-a-number", 1, at=NOON + timedelta(minutes=1))
    place.events("7", 1, at=NOON + timedelta(days=1))

    result = place.run(A, first="2026-11-03-12:00", last="2026-11-04-12:00")

    shown = {e.partition for e in materialized(result, A)}
    assert "2026-11-04-12:00" in shown
    assert "2026-11-03-12:00" not in shown
    assert checks(result)["a", "evaluated"].metadata["partitions_failed"].value == 12


def test_entities_and_values_never_reach_dagster_in_the_clear(place: Place) -> None:
    place.monitor("a")
    place.monitor("b", body='api_requests.with_columns(pl.col("account_id").cast(pl.Int64))')
    place.events("canary-string-81d1", 3)

    result = place.run(A, B, EVALUATIONS)

    (found,) = materialized(result, A)
    records = found.metadata["top_entities"].records
    assert [r.data["entity"][:8] for r in records] == ["account_"]
    assert records[0].data["score"] == 3.0
    events = place.instance.all_logs(result.run_id)
    assert "canary-string-81d1" not in "".join(e.to_json() for e in events)


def test_a_dead_canary_is_a_failed_check(place: Place) -> None:
    place.monitor(
        "a",
        body='api_requests.filter(pl.lit(False)).select("account_id", '
        'score=pl.lit(1.0), window_start="occurred_at", window_end="occurred_at")',
    )
    place.events("loud", 3)

    result = place.run(A)

    assert not checks(result)["a", "canary"].passed
    assert checks(result)["a", "evaluated"].passed


def test_a_partition_no_source_has_reached_is_stale(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3, at=NOON - timedelta(hours=5))

    result = place.run(A)

    assert not checks(result)["a", "evaluated"].passed
    assert checks(result)["a", "evaluated"].severity == dg.AssetCheckSeverity.WARN
    assert manifest(place, "a").status == "stale"


def test_an_older_evaluation_never_replaces_a_newer_one(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)
    newer = datetime.fromisoformat("2026-11-03T15:00+00:00")

    place.run(A, now=newer)
    place.events("other", 3)
    place.run(A, now=newer - timedelta(minutes=30))

    assert manifest(place, "a").as_of == newer.isoformat()
    assert manifest(place, "a").flagged == 1


@pytest.mark.parametrize(
    ("tags", "intent"),
    [
        ({}, "live"),
        ({"watchfloor/intent": "replay"}, "replay"),
        ({"watchfloor/intent": "late"}, "late"),
    ],
)
def test_the_intent_of_a_run_is_kept_in_its_manifest(
    place: Place, tags: dict[str, str], intent: str
) -> None:
    place.monitor("a")
    place.events("loud", 3)

    place.run(A, tags=tags)

    assert manifest(place, "a").intent == intent


def test_an_unknown_intent_fails_the_run_rather_than_paging(place: Place) -> None:
    place.monitor("a")
    place.events("loud", 3)

    assert not place.run(A, tags={"watchfloor/intent": "rehearsal"}).success
    assert read_manifest(place.lake, place.registry().get("web/a"), NOON) is None


def test_removing_one_file_removes_exactly_one_asset(place: Place) -> None:
    place.monitor("a")
    place.monitor("b")
    before = {key for asset in place.assets() for key in asset.keys}

    (place.root / "monitors" / "web" / "b.py").unlink()

    after = {key for asset in place.assets() for key in asset.keys}
    assert before - after == {dg.AssetKey(list(B))}
    assert after < before


def test_a_draft_is_for_backtests_and_never_runs(place: Place) -> None:
    place.monitor("a")
    place.monitor("b")
    path = place.root / "monitors" / "web" / "b.py"
    text = path.read_text(encoding="utf-8").replace("version=1,", "version=1, mode=Mode.DRAFT,")
    path.write_text(text.replace("import Severity", "import Mode, Severity"), encoding="utf-8")

    assert set(place.registry().monitors) == {"web/a", "web/b"}
    assert set(place.registry().watching().monitors) == {"web/a"}
    assert dg.AssetKey(list(B)) not in {key for asset in place.assets() for key in asset.keys}
