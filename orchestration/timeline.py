"""Dagster's partitions: hours and days from the start that the settings give."""

import dagster as dg

from orchestration.partitions import KEY
from orchestration.settings import load

_START = load().partitions_start

# The open hour is a partition too, so that monotone monitors can look at it while it fills.
HOURLY = dg.HourlyPartitionsDefinition(
    start_date=_START, end_offset=1, fmt=KEY["1h"], timezone="UTC"
)
DAILY = dg.DailyPartitionsDefinition(start_date=_START, end_offset=1, fmt=KEY["1d"], timezone="UTC")
DAY_BEFORE = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def partitions_of(every: str) -> dg.TimeWindowPartitionsDefinition:
    """Hourly or daily partitions."""
    return HOURLY if every == "1h" else DAILY
