import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from upath import UPath

from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.changes import changed_at
from orchestration.lake import Lake
from orchestration.upkeep import compact
from orchestration.world.build import TRUTH, Happening, one_day
from orchestration.world.store import PRODUCTS, Home, Progress, Store, StoreError, put, write
from orchestration.world.world import DAY, Deeds, Plan, Table, Tables, World
from tests.support.lakes import put as put_rows

START = datetime(2026, 11, 2, tzinfo=UTC)
WORLD = World(7, 300, START, 2)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def campaign(world: World, week: int) -> list[Happening]:
    """One small campaign a week; a week's hundred take seconds."""
    start = world.start + week * 7 * DAY
    times = pl.Series([start + n * DAY for n in range(7)], dtype=pl.Datetime("us", "UTC"))
    names = pl.Series([f"ann{week}{n}" for n in range(7)])
    logins = pl.DataFrame({"occurred_at": times, "account_id": names, "succeeded": True})
    actors = pl.DataFrame({"actor": names, "entity_type": "account_id", "entity": names})
    plan = Plan("stuffing", "slow", start, start + 7 * DAY, world.draws("test"))
    return [Happening(plan, guilty=True, deeds=Deeds({("accounts", "logins"): logins}, actors))]


@cache
def honest(world: World, day: datetime) -> Tables:
    return one_day(world, [], day)


def remembered(world: World, found: list[Happening], day: datetime) -> Tables:
    """Honest days, made once for all tests, with what is planned for the day."""
    logins = found[0].deeds.events["accounts", "logins"]
    today = logins.filter(pl.col("occurred_at") == day).with_columns(
        event_id="account_id", received_at="occurred_at", product=pl.lit("accounts")
    )
    tables = dict(honest(replace(world, days=7), day))
    both = [tables["accounts", "logins"], today]
    return {**tables, ("accounts", "logins"): pl.concat(both, how="diagonal")}


def written(home: Home, world: World, *products: str) -> dict[Table, int]:
    counts: dict[Table, int] = {}

    def count(table: Table, rows: int) -> None:
        counts[table] = counts.get(table, 0) + rows

    store = Store.begin(home, world, products or PRODUCTS)
    store.planned, store.made = campaign, remembered
    write(store, count=count, done=lambda _: None)
    return counts


def files(folder: Path) -> dict[str, bytes]:
    paths = sorted(p for p in folder.rglob("*.parquet"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_a_day_is_stored_as_compaction_leaves_it(home: Home, tmp_path: Path) -> None:
    written(home, WORLD)
    hourly = Lake(str(tmp_path / "hourly"))
    tables = remembered(WORLD, campaign(WORLD, 0), START)
    for table, rows in ((t, rows) for t, rows in tables.items() if rows.height):
        put(hourly, table, START, rows, hot=START)
        assert compact(hourly, table[1], table[0], START) > 0
        for kind in ("events", "text") if contract_of(table[1]).text else ("events",):
            at = (f"{kind}/{table[1]}", table[0], START)
            names = {p.name for p in hourly.day_path(*at).parent.iterdir()}
            assert names == {p.name for p in home.lake.day_path(*at).parent.iterdir()}
            found = pl.read_parquet(str(home.lake.day_path(*at)))
            assert_frame_equal(found, pl.read_parquet(str(hourly.day_path(*at))))


def test_text_is_apart_from_events(home: Home) -> None:
    written(home, WORLD)
    events = pl.read_parquet(str(home.lake.day_path("events/prompts", "chat", START)))
    texts = pl.read_parquet(str(home.lake.day_path("text/prompts", "chat", START)))
    assert "text" not in events.columns
    assert texts["text"].null_count() == 0
    assert texts["event_id"].is_in(events["event_id"].implode()).all()


def test_counts_what_is_in_the_lake(home: Home) -> None:
    counts = written(home, WORLD)
    assert {product for product, _ in counts} == set(PRODUCTS)
    for (product, contract), n in counts.items():
        span = Span(START, START + 2 * DAY)
        assert home.lake.scan(f"events/{contract}", [product], span).collect().height == n


def test_the_note_says_which_world_it_is(home: Home) -> None:
    written(home, WORLD, "web", "chat")
    assert json.loads((home.folder / "world.json").read_text()) == {
        "seed": 7,
        "accounts": 300,
        "start": "2026-11-02T00:00:00+00:00",
        "days": 2,
        "products": ["chat", "web"],
        "until": "2026-11-04T00:00:00+00:00",
    }


def test_the_truth_lies_outside_the_lake_and_names_who_did_something_so_far(home: Home) -> None:
    written(home, WORLD)
    truth = pl.read_parquet(home.folder / "truth" / "actors.parquet")
    assert truth.schema == TRUTH
    assert truth["entity"].to_list() == ["ann00", "ann01"]
    assert not any("truth" in name or "actors" in name for name in files(home.folder / "lake"))


def test_the_truth_of_products_that_are_not_written_is_left_out(home: Home) -> None:
    written(home, WORLD, "web")
    assert pl.read_parquet(home.truth).is_empty()
    assert home.taken() == {"web"}


def test_a_world_is_continued_as_if_it_had_been_written_at_once(home: Home, tmp_path: Path) -> None:
    for days in (2, 6, 9):
        written(home, replace(WORLD, days=days), "accounts")
    at_once = Home(tmp_path / "at_once")
    written(at_once, replace(WORLD, days=9), "accounts")
    assert files(home.folder) == files(at_once.folder)
    entities = pl.read_parquet(home.truth)["entity"].to_list()
    assert entities == [*(f"ann0{n}" for n in range(7)), "ann10", "ann11"]


def test_what_was_broken_off_is_completed(home: Home) -> None:
    written(home, WORLD, "accounts", "web")
    whole = files(home.folder)
    note = Progress.read(home)
    assert note is not None
    replace(note, world=replace(WORLD, days=0)).write(home)
    home.lake.day_path("events/api_requests", "web", START + DAY).unlink()
    written(home, WORLD, "accounts", "web")
    assert files(home.folder) == whole


def test_what_is_there_is_not_written_again(home: Home) -> None:
    written(home, WORLD, "web")
    assert written(home, WORLD, "web") == {}
    assert written(home, replace(WORLD, days=1), "web") == {}


def test_the_hours_written_are_marked_as_changed(home: Home) -> None:
    written(home, WORLD, "web")
    assert changed_at(home.lake, "api_requests", "web", START) is not None
    assert changed_at(home.lake, "api_requests", "web", START + 2 * DAY) is None


def test_a_lake_with_other_events_of_the_product_is_refused(home: Home) -> None:
    put_rows(home.lake, "web", "api_requests", [{"occurred_at": START, "operation": "GET"}])
    with pytest.raises(StoreError, match="already has events of web, which are no simulated"):
        Store.begin(home, WORLD)
    assert not (home.folder / "world.json").exists()
    assert written(home, WORLD, "images")


@pytest.mark.parametrize(
    "other",
    [
        replace(WORLD, seed=8),
        replace(WORLD, accounts=301),
        replace(WORLD, start=START + DAY),
    ],
)
def test_another_world_in_the_same_folder_is_refused(home: Home, other: World) -> None:
    written(home, WORLD, "images")
    wanted = "holds another world: seed 7, 300 accounts, from 2026-11-02, images"
    with pytest.raises(StoreError, match=wanted):
        Store.begin(home, other, ["images"])


def test_other_products_of_the_same_world_are_refused(home: Home) -> None:
    written(home, WORLD, "images")
    with pytest.raises(StoreError, match="holds another world"):
        Store.begin(home, WORLD, ["web"])


@pytest.mark.parametrize("start", [START + timedelta(hours=1), datetime(2026, 11, 2)])  # noqa: DTZ001
def test_a_world_starts_at_a_midnight_in_utc(home: Home, start: datetime) -> None:
    with pytest.raises(StoreError, match="starts at a midnight in UTC"):
        Store.begin(home, replace(WORLD, start=start))


@pytest.mark.parametrize("text", ["no json", "{}", "[]", '{"start": 1}', '{"start": "soon"}'])
def test_a_broken_note_is_an_error(home: Home, text: str) -> None:
    home.folder.mkdir()
    UPath(home.folder / "world.json").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match="is no note of a world"):
        Store.begin(home, WORLD)


def test_the_products_are_those_of_the_traffic() -> None:
    assert {product for product, _ in honest(replace(WORLD, days=7), START)} == set(PRODUCTS)
