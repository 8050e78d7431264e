import json
import os
import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from upath import UPath

from orchestration.forgetting.lake import find, remove
from orchestration.forgetting.subject import Subject
from orchestration.lake import Lake
from orchestration.manifests import content_digest
from tests.support.forgetting import ANN, BOB, NOW, REGISTRY, crowded, naming, read
from tests.support.lakes import at

SUBJECT = Subject("account_id", ANN)
ROWS = {
    "activity/logins_by_account_id": 2,
    "activity_daily/logins_by_account_id": 1,
    "baseline/logins_by_account_id_day_7d": 1,
    "events/logins": 7,
    "events/messages": 3,
    "findings/failed_logins": 2,
    "findings/failures_by_address": 2,
    "quarantine/logins": 2,
    "samples/failed_logins": 2,
    "text/messages": 2,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(crowded(tmp_path_factory.mktemp("made") / "lake").root)


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Lake:
    shutil.copytree(made, tmp_path / "lake")
    return Lake(str(tmp_path / "lake"))


def test_looking_counts_rows_by_table_and_changes_nothing(lake: Lake) -> None:
    before = read(lake)
    assert find(lake, SUBJECT, REGISTRY) == ROWS
    after = read(lake)
    assert before.keys() == after.keys()
    for path, rows in before.items():
        assert_frame_equal(after[path], rows)


def test_the_id_is_in_no_file_afterwards(lake: Lake) -> None:
    assert len(naming(Path(lake.root), ANN)) >= len(ROWS)
    assert remove(lake, SUBJECT, REGISTRY, now=NOW) == ROWS
    held = naming(Path(lake.root), ANN)
    assert held == ["quarantine/logins/product=accounts/date=2026-03-05/f.parquet"]
    (path,) = held
    assert read(lake)[path]["original"].to_list() == [f"GET /{ANN}2", BOB]  # another's id
    assert find(lake, SUBJECT, REGISTRY) == {}


def test_rows_of_others_stay_as_they_were_in_their_order(lake: Lake) -> None:
    before = read(lake)
    remove(lake, SUBJECT, REGISTRY, now=NOW)
    after = read(lake)
    assert before.keys() == after.keys()
    for path, rows in before.items():
        assert_frame_equal(after[path], others(path, rows))


def others(path: str, rows: pl.DataFrame) -> pl.DataFrame:
    """What is to be left of a file of `crowded`, said by hand."""
    if path.startswith("text/"):
        return rows.filter(pl.col("text") == "hello you")
    if path.startswith("quarantine/"):
        return rows.tail(2)
    if path.startswith("findings/failures_by_address"):
        marked = pl.col("evidence").str.replace(f'"{ANN}"', '"forgotten"', literal=True)
        return rows.with_columns(marked)
    if path.startswith("events/messages"):
        marked = pl.col("extra").str.replace(f'"{ANN}"', '"forgotten"', literal=True)
        return rows.filter(pl.col("recipient_id") == "eve-1").with_columns(marked)
    for name in {"account_id", "entity"} & set(rows.columns):
        rows = rows.filter(pl.col(name) != ANN)
    return rows


def test_what_is_left_agrees_with_its_manifest(lake: Lake) -> None:
    remove(lake, SUBJECT, REGISTRY, now=NOW)
    assert disagreeing(lake) == []


def disagreeing(lake: Lake) -> list[str]:
    found = []
    for path, rows in read(lake).items():
        if path.startswith("findings/"):
            manifest = Path(lake.root, path.replace("findings/", "manifests/", 1))
            record = json.loads(manifest.with_suffix(".json").read_text())
            if record["digest"] != content_digest(rows):
                found.append(path)
    return found


def test_a_manifest_that_was_told_before_a_crash_agrees_after_the_next_run(lake: Lake) -> None:
    day = "product=accounts/date=2026-03-02/hour=10"
    rows = read(lake)[f"findings/failed_logins/{day}.parquet"].filter(pl.col("entity") != ANN)
    manifest = Path(lake.root, "manifests", "failed_logins", f"{day}.json")
    record = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**record, "digest": content_digest(rows)}))
    assert len(disagreeing(lake)) == 1
    remove(lake, SUBJECT, REGISTRY, now=NOW)
    assert disagreeing(lake) == []


def test_a_manifest_of_other_findings_is_left_alone(lake: Lake) -> None:
    day = "product=accounts/date=2026-03-02/hour=10"
    manifest = Path(lake.root, "manifests", "failed_logins", f"{day}.json")
    record = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**record, "digest": "of an evaluation under way"}))
    remove(lake, SUBJECT, REGISTRY, now=NOW)
    assert json.loads(manifest.read_text())["digest"] == "of an evaluation under way"


class Crash(Exception):  # noqa: N818 - what happens, not what is wrong
    pass


def test_a_crash_after_any_file_leaves_what_the_next_run_finds(made: Path, tmp_path: Path) -> None:
    whole = Lake(str(tmp_path / "whole"))
    shutil.copytree(made, whole.root)
    files: list[UPath] = []
    remove(whole, SUBJECT, REGISTRY, now=NOW, rewritten=files.append)
    expected = read(whole)
    assert len(files) >= len(ROWS)
    for last in range(1, len(files) + 1):
        lake = Lake(str(tmp_path / f"crashed-{last}"))
        shutil.copytree(made, lake.root)
        seen: list[UPath] = []

        def crash(path: UPath, seen: list[UPath] = seen, last: int = last) -> None:
            seen.append(path)
            if len(seen) == last:
                raise Crash

        with pytest.raises(Crash):
            remove(lake, SUBJECT, REGISTRY, now=NOW, rewritten=crash)
        remove(lake, SUBJECT, REGISTRY, now=NOW)
        found = read(lake)
        assert found.keys() == expected.keys()
        for path, rows in expected.items():
            assert_frame_equal(found[path], rows)
        assert disagreeing(lake) == []


def test_what_a_dead_writer_left_goes_too(lake: Lake) -> None:
    folder = lake.day_path("events/logins", "accounts", at("2026-03-02")).parent
    left = Path(str(folder), ".hour=10.parquet.0123.tmp")
    left.write_text(ANN)
    old = Path(lake.root, "findings", "failed_logins", ".hour=10.parquet.4567.tmp")
    old.write_text(ANN)
    os.utime(old, (NOW.timestamp() - 7200,) * 2)
    remove(lake, SUBJECT, REGISTRY, now=NOW)
    assert not left.exists()
    assert not old.exists()


def test_an_address_goes_from_the_tables_of_addresses(lake: Lake) -> None:
    removed = remove(lake, Subject("ip", "192.0.2.7"), REGISTRY, now=NOW)
    assert removed == {
        "activity/logins_by_ip": 2,
        "activity_daily/logins_by_ip": 1,
        "events/logins": 7,
        "findings/failures_by_address": 2,
        "samples/failures_by_address": 2,
    }
    assert naming(Path(lake.root), "192.0.2.7") == []


def test_an_id_of_another_type_is_not_taken_for_it(lake: Lake) -> None:
    assert find(lake, Subject("device_id", "192.0.2.7"), REGISTRY) == {}


def test_nobody_and_an_empty_lake_lose_nothing(lake: Lake, tmp_path: Path) -> None:
    assert remove(lake, Subject("account_id", "nobody"), REGISTRY, now=NOW) == {}
    assert remove(Lake(str(tmp_path / "empty")), SUBJECT, REGISTRY, now=NOW) == {}
