"""Cases of detectors that compare with the past or with peers, or sum up what others found."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.activity import Activity, hourly
from monitors.detectors.circadian_flatness import circadian_flatness
from monitors.detectors.classifier_score import classifier_score
from monitors.detectors.combination import Signal, aligned, combination
from monitors.detectors.isolation_forest import isolation_forest
from monitors.detectors.own_history import own_history
from monitors.detectors.peer_group import peer_group
from monitors.detectors.ratio import ratio
from monitors.detectors.seasonal_baseline import seasonal_baseline
from monitors.detectors.sliding_count import sliding_count
from monitors.detectors.text_classifier import text_classifier
from tests.monitors.detectors.case import HOUR, Case


class Letters:
    """A text model for which `z` is nearly surely spam."""

    classes_ = np.array(["ham", "spam"])

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        spam = np.array([0.9 if text == "z" else 0.2 for text in texts])
        return np.column_stack([1 - spam, spam])


HISTORIES = {
    "isolation_forest": Case(
        lambda events, _start, _end: isolation_forest(
            events.group_by("who", hour=pl.col("occurred_at").dt.truncate("1h")).agg(
                events=pl.len(), hits=pl.col("hit").sum()
            ),
            entity="who",
            columns=["events", "hits"],
            look_back=timedelta(hours=3),
            minimum=2,
            retrain=HOUR,
            trees=3,
        ),
        timedelta(hours=3),
    ),
    "classifier_score": Case(
        lambda events, _start, _end: classifier_score(
            events.with_columns(p=pl.col("hit").cast(pl.Float64)),
            entity="who",
            probability="p",
            cut=0.5,
            event_id="event_id",
        ),
        timedelta(0),
        monotone=True,
    ),
    "classifier_score by days": Case(
        lambda events, _start, _end: classifier_score(
            events.with_columns(p=pl.col("hit").cast(pl.Float64)),
            entity="who",
            probability="p",
            cut=0.5,
            statistic="days",
            look_back=timedelta(days=2),
        ),
        timedelta(days=2),
        monotone=True,
    ),
    "text_classifier": Case(
        lambda events, _start, _end: classifier_score(
            text_classifier(events, Letters(), text="what", positive="spam"),
            entity="who",
            probability="probability",
            cut=0.5,
            statistic="noisy_or",
        ),
        timedelta(0),
    ),
    "combination": Case(
        lambda events, _start, _end: combination(
            aligned(
                entity="who",
                burst=sliding_count(events, entity="who", window=timedelta(minutes=90)),
                share=ratio(events, entity="who", hit=pl.col("hit"), minimum=2),
            ),
            entity="who",
            weights={"burst": Signal(1, full_at=4), "share": Signal(1, full_at=1)},
        ),
        timedelta(minutes=90),
    ),
    "own_history": Case(
        lambda events, _start, _end: own_history(
            hourly(Activity("logins", ("who",)), events),
            keys=["product", "who"],
            window=timedelta(hours=3),
            minimum_periods=1,
            grid=HOUR,
        ),
        timedelta(hours=3),
    ),
    "peer_group": Case(
        lambda events, _start, _end: peer_group(
            events.with_columns(events=pl.lit(1)),
            entity="who",
            group="product",
            minimum_peers=1,
            time="occurred_at",
        ),
        timedelta(0),
    ),
    "peer_group of groups that events name": Case(
        lambda events, _start, _end: peer_group(
            events.with_columns(n=pl.col("hit").cast(pl.Int64)),
            entity="who",
            group="what",
            column="n",
            minimum_peers=1,
            time="occurred_at",
        ),
        timedelta(0),
    ),
    "circadian_flatness": Case(
        lambda events, _start, _end: circadian_flatness(
            events, entity="who", days=2, minimum=2, minimum_days=1
        ),
        timedelta(days=2),  # a day of look-back, and the scored day's own start
    ),
    "seasonal_baseline": Case(
        lambda events, _start, end: seasonal_baseline(
            events,
            entity="who",
            statistic="count",
            bucket=HOUR,
            missing="zero",
            until=end,
        ),
        timedelta(days=99),
    ),
}
