from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from monitors.evaluate import Span
from orchestration.evaluation import Run, evaluate_span
from orchestration.ledger.database import reading
from orchestration.ledger.machines import where
from orchestration.ledger.review_tasks import REVIEW_TASKS
from orchestration.partitions import HOUR, day_of
from orchestration.pseudonyms import Pseudonyms
from orchestration.review.groups import groups
from orchestration.review.plan import Draw, draw_plans
from orchestration.review.scores import scores
from tests.support.place import NOON, Place

DAY = Span(day_of(NOON), day_of(NOON) + timedelta(days=1))


@pytest.fixture
def names(ledger: Engine, place: Place, tmp_path: Path) -> Pseudonyms:
    """An hour with three accounts over the line and four under it, of which all are drawn."""
    place.monitor("a", product="chat")
    for number in range(7):
        n = 3 if number < 3 else 1
        place.events(f"account-{number}", n, at=NOON, product="chat")
    monitor = place.registry().monitors["chat/a"]
    run = Run(place.lake, NOON + 2 * HOUR, rate=1.0, seed="kept")
    evaluate_span(run, monitor, Span(NOON, NOON + HOUR))
    names = Pseudonyms(tmp_path / "names")
    draw_plans(
        place.registry(),
        Draw(ledger, place.lake, names, "a seed", 0.3, DAY, DAY.end + HOUR, budget=100),
    )
    return names


def test_every_drawn_window_finds_its_score_and_nobody_gets_a_name(
    ledger: Engine, place: Place, names: Pseudonyms
) -> None:
    monitor = place.registry().monitors["chat/a"]
    with reading(ledger) as connection:
        tasks = where(connection, REVIEW_TASKS).values()
    found = scores(place.lake, monitor, [DAY, DAY], names.known)
    of_unit = dict(found.iter_rows())
    drawn = {task.unit_id: task.stratum for task in tasks if task.kind == "window"}
    assert len(drawn) == 7
    for unit, stratum in drawn.items():
        assert (of_unit[unit] >= monitor.threshold) == (stratum == "flagged")
    strangers = Pseudonyms(place.root / "others")
    assert scores(place.lake, monitor, [DAY], strangers.known).is_empty()
    assert not strangers.path.exists()


def test_another_version_and_another_day_have_no_score(place: Place, names: Pseudonyms) -> None:
    monitor = place.registry().monitors["chat/a"]
    later = Span(DAY.end, DAY.end + timedelta(days=1))
    assert scores(place.lake, monitor, [later], names.known).is_empty()
    assert scores(place.lake, replace(monitor, version=2), [DAY], names.known).is_empty()


def test_a_flagged_window_is_of_the_country_that_most_of_its_events_have(
    ledger: Engine, place: Place, names: Pseudonyms
) -> None:
    del ledger
    monitor = place.registry().monitors["chat/a"]
    path = place.lake.hour_path("events/api_requests", "chat", NOON)
    events = pl.read_parquet(str(path))
    loud = pl.col("account_id")
    third = pl.col("event_id").str.ends_with("-2")
    country = (
        pl.when(loud == "account-0", third)
        .then(pl.lit("FR"))
        .when(loud == "account-0")
        .then(pl.lit("DE"))
        .when(loud == "account-1")
        .then(pl.lit("call +1 555 0100"))
        .when(loud.str.ends_with("-2"))
        .then(None)
        .otherwise(pl.lit("GB"))  # those that were not flagged
    )
    place.lake.replace(path, events.with_columns(country=country))
    found = groups(place.lake, monitor, [DAY], names.known, "country")
    assert sorted(found["name"]) == ["DE", "other"]
    assert set(found["by"]) == {"country"}
    assert set(found["unit"]) < set(scores(place.lake, monitor, [DAY], names.known)["unit"])
    assert groups(place.lake, monitor, [DAY], names.known, "language").is_empty()
