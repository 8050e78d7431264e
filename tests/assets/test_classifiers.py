import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.classifiers import classifier_assets
from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.alerting import Alerting
from orchestration.classifiers.force import model_in_force
from orchestration.classifiers.harms import LABELS
from orchestration.classifiers.lake_scores import scores
from orchestration.classifiers.shelf import Shelf
from orchestration.classifiers.training import SAMPLES
from orchestration.jobs import classifier_key, promoted_key, scores_key
from orchestration.ledger.database import reading
from orchestration.ledger.tables import classifier_events
from orchestration.resources import Clock
from orchestration.settings import load
from orchestration.timeline import RANGE_END, RANGE_START
from orchestration.working import Working
from sensors.retraining import retraining
from tests.support.copies import new_ledger
from tests.support.lakes import put

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
NAME = "text_harms"


class House:
    """An installation with some of the real sets to learn from."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        self.data.mkdir()
        shutil.copy(SAMPLES / "toxicity_en.csv.gz", self.data)
        shutil.copy(SAMPLES / "prompt_injections.parquet", self.data)
        lines = gzip.decompress((SAMPLES / "sms_spam.tsv.gz").read_bytes()).splitlines()[:1200]
        (self.data / "sms_spam.tsv.gz").write_bytes(gzip.compress(b"\n".join(lines)))
        home = root / "home"
        self.settings = load(
            {
                "WATCHFLOOR_HOME": str(home),
                "WATCHFLOOR_LAKE": str(root / "lake"),
                "WATCHFLOOR_PARTITIONS_START": "2026-11-01",
            }
        )
        new_ledger(self.settings.ledger).dispose()

    @contextmanager
    def working(self) -> Iterator[Working]:
        found = Working(Alerting(self.settings, Registry({}, {})))
        try:
            yield found
        finally:
            found.engine.dispose()

    def learns_the_opposite(self) -> None:
        """Who is toxic is not, and who spams is not."""
        path = self.data / "toxicity_en.csv.gz"
        rows = pl.read_csv(path).with_columns(
            pl.col("is_toxic").replace({"Toxic": "Not Toxic", "Not Toxic": "Toxic"})
        )
        path.write_bytes(gzip.compress(rows.write_csv().encode()))

    def run(self, *keys: dg.AssetKey, now: datetime = NOON) -> dg.ExecuteInProcessResult:
        with self.working() as working, dg.DagsterInstance.ephemeral() as instance:
            hour = now.strftime("%Y-%m-%d-%H:00")
            ranged = keys == (scores_key(NAME),)
            return dg.materialize(
                classifier_assets(Registry({}, {}), self.data),
                selection=dg.AssetSelection.assets(*keys),
                instance=instance,
                resources={"working": working, "clock": Clock(at=now.isoformat())},
                tags={RANGE_START: hour, RANGE_END: hour} if ranged else {},
                raise_on_error=False,
            )

    def trains(self, now: datetime = NOON) -> dg.ExecuteInProcessResult:
        return self.run(classifier_key(NAME), promoted_key(NAME), now=now)

    def in_force(self) -> str | None:
        with self.working() as working:
            return model_in_force(working.engine, NAME)

    def looks(self, now: datetime) -> dg.SensorResult | dg.SkipReason:
        with self.working() as working:
            context = dg.build_sensor_context(
                resources={"working": working, "clock": Clock(at=now.isoformat())}
            )
            with context:
                found = retraining(context)
        assert isinstance(found, dg.SensorResult | dg.SkipReason)
        return found

    def written(self, texts: list[str], at: datetime = NOON) -> None:
        with self.working() as working:
            rows = [
                {
                    "event_id": f"e{i}",
                    "occurred_at": at + timedelta(seconds=i),
                    "account_id": "a",
                    "recipient_id": "b",
                    "text": text,
                }
                for i, text in enumerate(texts)
            ]
            put(working.alerting.lake, "chat", "messages", rows)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_worse_model_is_refused_by_the_golden_check_and_the_one_in_force_stays(
    house: House,
) -> None:
    first = house.trains()
    good = house.in_force()
    assert first.success
    assert good is not None

    house.learns_the_opposite()
    second = house.trains(NOON + timedelta(days=1))

    (check,) = second.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.blocking) == ("golden", False, True)
    assert "hate_harassment: PR-AUC" in str(check.metadata["refused"].value)
    assert not second.asset_materializations_for_node("__".join(promoted_key(NAME).path))
    assert house.in_force() == good
    assert len(Shelf(house.settings.home).models(NAME)) == 2
    with house.working() as working, reading(working.engine) as connection:
        verbs = [row.verb for row in connection.execute(classifier_events.select())]
    assert sorted(verbs) == ["promote", "refuse"]

    alone = house.run(promoted_key(NAME))
    assert not alone.success
    assert house.in_force() == good


def test_texts_are_scored_without_being_kept_and_a_shift_asks_for_training(house: House) -> None:
    house.trains()
    model = house.in_force()
    house.written(["see you at noon by the old mill, bring the blue bag"] * 300)

    result = house.run(scores_key(NAME))

    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("drift", False)
    with house.working() as working:
        found = scores(working.alerting.lake, NAME, Span(NOON, NOON + timedelta(hours=1)))
    assert found.columns == ["event_id", "product", "contract", "occurred_at", "model", *LABELS]
    assert found.height == 300
    assert set(found["model"]) == {model}

    asked = house.looks(NOON + timedelta(minutes=30))
    again = house.looks(NOON + timedelta(minutes=40))

    assert isinstance(asked, dg.SensorResult)
    assert isinstance(again, dg.SensorResult)
    (request,), (same,) = asked.run_requests or [], again.run_requests or []
    assert request.run_key == same.run_key == f"{NAME}:{model}:2026-11-03"
    assert request.tags["watchfloor/why"].startswith("PSI of ")


def test_without_a_model_nothing_is_scored_and_nothing_asked_for(house: House) -> None:
    house.written(["hello"])
    result = house.run(scores_key(NAME))
    assert result.success
    with house.working() as working:
        found = scores(working.alerting.lake, NAME, Span(NOON, NOON + timedelta(hours=1)))
    assert found.height == 0
    assert isinstance(house.looks(NOON), dg.SkipReason)
