"""Cases of detectors that judge events: counts, lists, order and text."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, hourly
from monitors.detectors.aggregate import aggregate
from monitors.detectors.baseline_distance import baseline_distance
from monitors.detectors.change_of_value import changes
from monitors.detectors.distinct_values import distinct_values
from monitors.detectors.first_seen import first_seen
from monitors.detectors.hash_match import hash_match
from monitors.detectors.impossible_travel import impossible_travel
from monitors.detectors.listed import listed
from monitors.detectors.lookalike import lookalike
from monitors.detectors.near_duplicates import near_duplicates, repetition
from monitors.detectors.ratio import ratio
from monitors.detectors.rings import rings
from monitors.detectors.sequence import sequence
from monitors.detectors.silence import silence
from monitors.detectors.sliding_count import sliding_count
from monitors.detectors.spike import spike
from monitors.detectors.unlisted import unlisted
from tests.monitors.detectors.case import HISTORY, HOUR, USUAL, Case, hours

EVENTS = {
    "sliding_count": Case(
        lambda events, _start, _end: sliding_count(
            events, entity="who", window=timedelta(minutes=90), event_id="event_id"
        ),
        timedelta(minutes=90),
        monotone=True,
    ),
    "distinct_values": Case(
        lambda events, _start, _end: distinct_values(
            events, entity="who", value="what", window=timedelta(minutes=90), event_id="event_id"
        ),
        timedelta(minutes=90),
        monotone=True,
    ),
    "spike": Case(
        lambda events, _start, _end: spike(
            events, entity="who", window=HOUR, empty_reference=0.5, event_id="event_id"
        ),
        HOUR,
    ),
    "first_seen": Case(
        lambda events, _start, _end: first_seen(
            events, entity="who", value="what", history=HISTORY, event_id="event_id"
        ),
        timedelta(0),
    ),
    "first_seen in the frame itself": Case(
        lambda events, _start, _end: first_seen(
            events, entity="who", value="what", history=None, event_id="event_id"
        ),
        timedelta(days=99),
    ),
    "change_of_value": Case(
        lambda events, _start, _end: changes(events, entity="who", value="what", window=HOUR),
        HOUR,
    ),
    "ratio": Case(
        lambda events, _start, _end: ratio(
            events, entity="who", hit=pl.col("hit"), minimum=2, event_id="event_id"
        ),
        timedelta(0),
    ),
    "silence": Case(
        lambda events, start, end: silence(
            events,
            entity="who",
            period=hours(start, end),
            expected=USUAL,
            season="hour_of_day",
        ),
        timedelta(0),
    ),
    "listed": Case(
        lambda events, _start, _end: listed(
            events,
            entity="who",
            value="what",
            values=["X"],
            patterns=["^z"],
            event_id="event_id",
        ),
        timedelta(0),
        monotone=True,
    ),
    "baseline_distance": Case(
        lambda events, _start, _end: baseline_distance(
            hourly(Activity("logins", ("who",)), events),
            USUAL,
            keys=["product", "who"],
            season="hour_of_day",
        ),
        timedelta(0),
    ),
    "unlisted": Case(
        lambda events, _start, _end: unlisted(
            events, entity="who", value="what", allowed=["X"], event_id="event_id"
        ),
        timedelta(0),
        monotone=True,
    ),
    "aggregate": Case(
        lambda events, _start, _end: aggregate(
            events.with_columns(size=pl.col("what").str.to_integer(base=36, strict=False)),
            entity="who",
            value="size",
            statistic="p90",
            minimum=2,
            event_id="event_id",
        ),
        timedelta(0),
    ),
    "sequence": Case(
        lambda events, _start, _end: sequence(
            events,
            entity="who",
            steps=[pl.col("what") == "x", pl.col("hit"), pl.col("what") == "z"],
            within=timedelta(minutes=90),
            event_id="event_id",
        ),
        timedelta(minutes=90),
        monotone=True,
    ),
    "sequence with a repeated last step": Case(
        lambda events, _start, _end: sequence(
            events,
            entity="who",
            steps=[pl.col("what") == "x", pl.col("hit")],
            within=timedelta(minutes=90),
            repeat=2,
            event_id="event_id",
        ),
        timedelta(minutes=90),
        monotone=True,
    ),
    "impossible_travel": Case(
        lambda events, _start, _end: impossible_travel(
            events,
            entity="who",
            country="what",
            places=pl.LazyFrame(
                {
                    "country": ["x", "y", "z"],
                    "latitude": [0.0, 10.0, 50.0],
                    "longitude": [0.0, 20.0, -90.0],
                    "reach_km": [0.0, 500.0, 10.0],
                }
            ),
            window=timedelta(minutes=90),
        ),
        timedelta(minutes=90),
    ),
    "lookalike": Case(
        lambda events, _start, _end: lookalike(
            events, entity="who", name="what", brands=["X", "z"], event_id="event_id"
        ),
        timedelta(0),
        monotone=True,
    ),
    "hash_match": Case(
        lambda events, _start, _end: hash_match(
            events,
            entity="who",
            value="what",
            known=pl.LazyFrame({"hash": ["X", "z"], "list": ["bank", "shop"]}),
            distance=5,
            event_id="event_id",
        ),
        timedelta(0),
        monotone=True,
    ),
    "near_duplicates": Case(
        lambda events, _start, _end: near_duplicates(
            events,
            author="event_id",
            text="what",
            minimum=1,
            entity="who",
            look_back=2 * HOUR,
            event_id="event_id",
        ),
        2 * HOUR,
    ),
    "near_duplicates repetition": Case(
        lambda events, _start, _end: repetition(
            events, entity="who", text="what", minimum_texts=2, minimum=1
        ),
        timedelta(0),
    ),
    "rings": Case(
        lambda events, _start, _end: rings(
            events,
            member="who",
            attributes={"what": 1.0, "hit": 0.5},
            hub=2,
            entity="who",
            grid=HOUR,
            look_back=2 * HOUR,
        ),
        2 * HOUR,
    ),
}
