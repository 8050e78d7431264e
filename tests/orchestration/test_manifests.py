from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.evaluate import FINDINGS
from orchestration.lake import Lake
from orchestration.manifests import (
    content_digest,
    newer,
    read_manifest,
    write_manifest,
)
from tests.support.lakes import at, files
from tests.support.manifests import MANIFEST
from tests.support.monitors import failed_logins, failed_logins_of_a_day

TEN = at("2026-03-02T10:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def findings(*rows: tuple[str, float, str]) -> pl.DataFrame:
    schema = {"finding_id": pl.String, "score": pl.Float64, "evidence": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_manifest_is_read_back_as_it_was_written(lake: Lake) -> None:
    assert read_manifest(lake, failed_logins, TEN) is None
    write_manifest(lake, failed_logins, MANIFEST)
    assert read_manifest(lake, failed_logins, TEN) == MANIFEST
    assert files(lake) == ["manifests/failed_logins/product=accounts/date=2026-03-02/hour=10.json"]


def test_a_daily_manifest_is_the_days(lake: Lake) -> None:
    daily = replace(MANIFEST, partition="2026-03-02T00:00:00+00:00")
    write_manifest(lake, failed_logins_of_a_day, daily)
    assert read_manifest(lake, failed_logins_of_a_day, at("2026-03-02T00:00")) == daily
    assert files(lake) == [
        "manifests/failed_logins_of_a_day/product=accounts/date=2026-03-02/day.json"
    ]


def test_what_got_a_score_is_flagged_near_or_bulk() -> None:
    assert MANIFEST.scored == 33


def test_only_a_later_as_of_is_newer(lake: Lake) -> None:
    seen = at("2026-03-02T11:05")
    moment = timedelta(microseconds=1)
    assert newer(lake, failed_logins, TEN, seen) is None
    write_manifest(lake, failed_logins, MANIFEST)
    assert newer(lake, failed_logins, TEN, seen - moment) == MANIFEST
    assert newer(lake, failed_logins, TEN, seen) is None
    assert newer(lake, failed_logins, TEN, seen + moment) is None


def test_the_digest_is_over_ids_scores_evidence_and_order() -> None:
    one, two = ("id-1", 3.0, '{"n":1}'), ("id-2", 4.0, '{"n":2}')
    digests = {
        content_digest(findings(*rows))
        for rows in (
            (),
            (one,),
            (one, two),
            (two, one),
            (("id-0", *one[1:]), two),
            ((one[0], 3.1, one[2]), two),
            ((*one[:2], '{"n":0}'), two),
        )
    }
    assert len(digests) == 7


def test_the_digest_is_the_same_for_ever() -> None:
    assert content_digest(pl.DataFrame(schema=FINDINGS)) == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert content_digest(findings(("id-1", 3.0, '{"n":1}'))) == (
        "6de13d99cdf21a816ae0b7c88af332b65c5f8c5f374bc30aa407a3d3d534e368"
    )
