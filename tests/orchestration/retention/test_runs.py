from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.retention.runs import prune_runs

LATER = timedelta(days=1)


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["one", "two"]))
def watched(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    context.log.info("worked")
    return dg.MaterializeResult(metadata={"rows": 7})


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def run(instance: dg.DagsterInstance, partition: str) -> str:
    done = dg.materialize(
        [watched], instance=instance, partition_key=partition, tags={"watchfloor/test": "1"}
    )
    return done.run_id


def test_old_runs_go_with_their_logs_and_what_was_materialised_stays(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    old = run(instance, "one")
    between = datetime.now(UTC)
    new = run(instance, "two")
    assert prune_runs(instance, before=between) == 1
    assert [record.dagster_run.run_id for record in instance.get_run_records()] == [new]
    assert instance.all_logs(new) != []
    assert not [path for path in tmp_path.rglob("*") if old in path.name]
    found = instance.get_materialized_partitions(watched.key)
    assert found == {"one", "two"}
    records = instance.fetch_materializations(watched.key, limit=10).records
    metadata = [record.asset_materialization.metadata["rows"].value for record in records]
    assert metadata == [7, 7]
    assert old in {record.run_id for record in records}


def test_no_tag_of_an_old_run_stays(instance: dg.DagsterInstance) -> None:
    run(instance, "one")
    prune_runs(instance, before=datetime.now(UTC) + LATER)
    assert instance.get_run_records(dg.RunsFilter(tags={"watchfloor/test": "1"})) == []
    assert instance.run_storage.get_run_tags(tag_keys=["watchfloor/test"]) == []


def test_a_run_that_goes_on_stays_however_old(instance: dg.DagsterInstance) -> None:
    job = dg.define_asset_job("job", selection=[watched])
    defs = dg.Definitions(assets=[watched], jobs=[job])
    going_on = instance.create_run_for_job(
        defs.resolve_job_def("job"), status=dg.DagsterRunStatus.STARTED
    )
    assert prune_runs(instance, before=datetime.now(UTC) + LATER) == 0
    assert instance.has_run(going_on.run_id)


def test_a_dry_run_counts_and_pruning_twice_deletes_nothing(instance: dg.DagsterInstance) -> None:
    run(instance, "one")
    before = datetime.now(UTC) + LATER
    assert prune_runs(instance, before=before, dry_run=True) == 1
    assert len(instance.get_run_records()) == 1
    assert prune_runs(instance, before=before) == 1
    assert prune_runs(instance, before=before) == 0


def test_records_in_memory_are_pruned_too() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run(instance, "one")
        assert prune_runs(instance, before=datetime.now(UTC) + LATER) == 1
        assert instance.get_run_records() == []
        assert instance.get_materialized_partitions(watched.key) == {"one"}
