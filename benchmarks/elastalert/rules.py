"""The five rules: ElastAlert's settings and the detector's, side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from benchmarks.elastalert.events import CLIENTS
from monitors.detectors.reset_windows.cardinality import cardinality
from monitors.detectors.reset_windows.change import change
from monitors.detectors.reset_windows.frequency import frequency
from monitors.detectors.reset_windows.new_terms import new_terms
from monitors.detectors.reset_windows.spike import spike

KNOWN = pl.Series(CLIENTS)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)  # ElastAlert's own `buffer_time`, by which it catches up


@dataclass(frozen=True)
class Rule:
    """One rule: `settings` for ElastAlert's class, `detect` for ours. Windows are one hour."""

    settings: dict[str, object]
    detect: Callable[[pl.LazyFrame], pl.DataFrame]


RULES = {
    "frequency": Rule(
        {"query_key": "account_id", "timeframe": 3600, "num_events": 20},
        lambda events: frequency(events, entity="account_id", window=HOUR, n=20),
    ),
    "cardinality": Rule(
        {
            "query_key": "account_id",
            "timeframe": 3600,
            "cardinality_field": "recipient_id",
            "max_cardinality": 15,
        },
        lambda events: cardinality(
            events, entity="account_id", window=HOUR, value="recipient_id", maximum=15
        ),
    ),
    "spike": Rule(
        {
            "query_key": "account_id",
            "timeframe": 3600,
            "spike_type": "up",
            "spike_height": 4,
            "threshold_cur": 20,
            "threshold_ref": 2,
        },
        lambda events: spike(
            events,
            entity="account_id",
            window=HOUR,
            ratio=4,
            minimum=20,
            minimum_reference=2,
            every=QUARTER,
        ),
    ),
    "new_terms": Rule(
        {"fields": ["client"], "known": CLIENTS.tolist()},
        lambda events: new_terms(events, value="client", known=KNOWN),
    ),
    "change": Rule(
        {
            "query_key": "asn",
            "timeframe": 3600,
            "compound_compare_key": ["country"],
            "ignore_null": True,
        },
        lambda events: change(events, entity="asn", window=HOUR, value="country"),
    ),
}
