from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl

from tests.support.place import NOON, Place

HOURLY = ("web", "activity", "api_requests_by_product")
DAILY = ("web", "activity_daily", "api_requests_by_product")
BASELINE = ("web", "baseline", "api_requests_by_product_hour_of_week_28d")
COMPACTION = ("web", "compaction", "api_requests")
DAY = datetime(2026, 11, 3, tzinfo=UTC)


def test_hours_are_aggregated_and_counted(place: Place) -> None:
    place.monitor("a")
    place.events("one", 3)

    result = place.run(HOURLY)

    (found,) = result.asset_materializations_for_node("web__activity")
    assert found.metadata["dagster/row_count"].value == 1
    path = place.lake.hour_path("activity/api_requests_by_product", "web", NOON)
    assert pl.read_parquet(str(path), hive_partitioning=False)["events"].to_list() == [3]


def test_a_night_rolls_up_compacts_and_makes_the_next_day_s_baseline(place: Place) -> None:
    place.monitor("a")
    place.events("b", 2)
    place.events("a", 2, at=NOON + timedelta(hours=1))

    result = place.run(DAILY, BASELINE, COMPACTION, first="2026-11-03")

    assert result.success
    day = place.lake.day_path("events/api_requests", "web", DAY)
    assert pl.read_parquet(str(day), hive_partitioning=False)["account_id"].to_list() == [
        "a",
        "a",
        "b",
        "b",
    ]
    assert not place.lake.hour_path("events/api_requests", "web", NOON).exists()
    rolled = place.lake.day_path("activity_daily/api_requests_by_product", "web", DAY)
    assert pl.read_parquet(str(rolled), hive_partitioning=False)["events"].to_list() == [4]
    usual = place.lake.day_path(f"baseline/{BASELINE[-1]}", "web", DAY + timedelta(days=1))
    assert usual.exists()


def test_lineage_leads_from_events_to_monitors(place: Place) -> None:
    place.monitor("a")

    graph = dg.Definitions(place.assets(), resources=place.resources()).resolve_asset_graph()

    monitor = dg.AssetKey(["web", "monitors", "a"])
    assert graph.get(monitor).parent_keys == {dg.AssetKey(["web", "events", "api_requests"])}
    assert dg.AssetKey(list(BASELINE)) in graph.get(dg.AssetKey(list(DAILY))).child_keys
