"""The hint that spares reading old files again."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from orchestration.intake.manifests import manifests
from orchestration.lake import Lake
from orchestration.ledger.database import connect
from orchestration.ledger.schema import make_ledger
from orchestration.manifests import manifest_path
from tests.orchestration.intake.builders import (
    contents,
    emptied,
    findings,
    found_at,
    stored,
    taken,
)
from tests.support.lakes import at
from tests.support.ledgers import act
from tests.support.monitors import failed_logins

TEN = at("2026-03-02T10:00")
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Written:
    """An evaluation of one hour; its file's time is behind the clock of who reads by `behind`.

    One that is `cut` off wrote its findings and no manifest.
    """

    hour: int
    scores: dict[str, float]
    behind: int
    cut: bool = False


WRITTEN = st.builds(
    Written,
    st.sampled_from((-11, 0, 1)),  # the first of them on the day before
    st.dictionaries(st.sampled_from("ab"), st.sampled_from((3.0, 4.0)), max_size=2),
    st.integers(0, 120),
    st.sampled_from((False, False, True)),
)
SECONDS = st.sampled_from((0, 1, 60, 119, 120, 121, 600))
HAPPENED = st.lists(st.tuples(SECONDS, st.one_of(st.none(), WRITTEN)), min_size=1, max_size=12)


def write(lake: Lake, now: datetime, written: Written) -> None:
    """Store an evaluation with the times that its file and folder would have."""
    start = TEN + written.hour * HOUR
    if written.cut:
        lake.replace(found_at(lake, start), findings(failed_logins, start, written.scores))
        return
    stored(lake, start, written.scores, as_of=now)
    path = Path(str(manifest_path(lake, failed_logins, start)))
    time = (now - written.behind * SECOND).timestamp()
    os.utime(path, (time, time))
    os.utime(path.parent, (time, time))


def new(path: Path) -> Engine:
    engine = connect(f"sqlite:///{path}")
    make_ledger(engine, ledger_id="ledger-1", act=act())
    return engine


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(happened=HAPPENED)
def test_the_hint_of_the_last_intake_hides_nothing(
    tmp_path: Path, happened: list[tuple[int, Written | None]]
) -> None:
    hinted, whole = new(tmp_path / "hinted.db"), new(tmp_path / "whole.db")
    emptied(hinted)
    emptied(whole)
    now, last = TEN + 12 * HOUR, None
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        for seconds, written in [*happened, (1, None)]:
            now += seconds * SECOND
            if written is not None:
                write(lake, now, written)
                continue
            taken(hinted, lake, now, since=last)
            taken(whole, lake, now)
            last = now
            assert contents(hinted) == contents(whole)
    hinted.dispose()
    whole.dispose()


def test_files_and_folders_that_are_older_than_the_hint_are_not_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    now = TEN + 12 * HOUR
    for hour, behind in ((-11, 600), (0, 121), (1, 120)):
        write(lake, now, Written(hour, {"a": 3.0}, behind))
    found = manifests(lake, oldest=TEN - 24 * HOUR, since=now)
    assert [manifest.partition for manifest in found] == ["2026-03-02T11:00:00+00:00"]
    every = manifests(lake, oldest=TEN - 24 * HOUR, since=None)
    assert len(list(every)) == 3


def test_days_before_the_oldest_are_not_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    for hour in (-11, 0):
        write(lake, TEN + 12 * HOUR, Written(hour, {}, 0))
    found = manifests(lake, oldest=at("2026-03-02T00:30"), since=None)
    assert [manifest.partition for manifest in found] == ["2026-03-02T10:00:00+00:00"]


def test_a_lake_without_a_manifest_has_none(tmp_path: Path) -> None:
    assert list(manifests(Lake(str(tmp_path)), oldest=TEN, since=None)) == []
