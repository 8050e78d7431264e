import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from monitors.columns import TIMESTAMP
from orchestration.world import build
from orchestration.world.build import (
    TRUTH,
    Happening,
    PartError,
    contract_of,
    happenings,
    happenings_of_week,
    modules,
    one_day,
    truth,
)
from orchestration.world.world import DAY, WEEK, Deeds, Plan, Tables, World

START = datetime(2026, 11, 2, tzinfo=UTC)
WORLD = World(7, 400, START, 7)
DAY_3 = START + 2 * DAY


@pytest.fixture(scope="module")
def found() -> list[Happening]:
    return happenings(WORLD)


@pytest.fixture(scope="module")
def tables(found: list[Happening]) -> Tables:
    return one_day(WORLD, found, DAY_3)


def same(one: Tables, other: Tables) -> bool:
    return one.keys() == other.keys() and all(one[t].equals(other[t]) for t in one)


def happening(*rows: tuple[datetime, str], actors: list[str]) -> Happening:
    times = pl.Series("occurred_at", [row[0] for row in rows], dtype=TIMESTAMP)
    logins = pl.DataFrame([times, pl.Series("account_id", [row[1] for row in rows])])
    named = pl.DataFrame({"actor": actors, "entity_type": "account_id", "entity": actors})
    plan = Plan("stuffing", "loud", START, START + WEEK, WORLD.draws("test"))
    return Happening(plan, guilty=True, deeds=Deeds({("accounts", "logins"): logins}, named))


def test_a_day_depends_on_seed_and_day_alone_however_long_the_world_lasts(
    found: list[Happening], tables: Tables
) -> None:
    longer = replace(WORLD, days=14)
    week = happenings_of_week(longer, 0)
    assert same(one_day(longer, week, DAY_3), tables)
    assert truth(WORLD, week).equals(truth(WORLD, found))


def test_a_world_that_ends_within_a_week_plans_the_whole_week(found: list[Happening]) -> None:
    shorter = replace(WORLD, days=3)
    assert same(one_day(shorter, [], DAY_3), one_day(WORLD, [], DAY_3))
    assert {h.plan.until for h in found} == {START + WEEK}
    assert all(START <= h.plan.start < START + 0.2 * WEEK for h in found)


def test_another_seed_makes_another_day() -> None:
    assert not same(one_day(replace(WORLD, seed=8), [], DAY_3), one_day(WORLD, [], DAY_3))


def test_every_campaign_comes_in_three_variants_and_every_negative_once(
    found: list[Happening],
) -> None:
    guilty = [h.name for h in found if h.guilty]
    assert len(set(guilty)) == 3 * len(modules("campaigns"))
    assert len(found) - len(guilty) == len(modules("negatives"))
    assert "credential_stuffing-loud-20261109" in guilty


def test_events_are_as_their_contracts_say(tables: Tables) -> None:
    for (product, name), rows in tables.items():
        contract = contract_of(name)
        assert rows.schema == pl.Schema({**contract.schema, **contract.text_schema})
        assert rows["product"].unique().to_list() == [product]
        required = [column.name for column in contract.all_columns if column.required]
        assert rows.select(required).null_count().sum_horizontal().item() == 0


def test_values_are_within_the_bounds_of_their_contracts(tables: Tables) -> None:
    for (_, name), rows in tables.items():
        for column in contract_of(name).all_columns:
            if column.minimum is not None:
                assert (rows[column.name].drop_nulls() >= column.minimum).all(), column
            if column.maximum is not None:
                assert (rows[column.name].drop_nulls() <= column.maximum).all(), column


def test_ids_are_unique_and_in_the_order_of_time_and_so_tell_nothing(tables: Tables) -> None:
    for rows in tables.values():
        assert rows["event_id"].n_unique() == rows.height
        assert rows["event_id"].is_sorted()
        assert rows["occurred_at"].is_sorted()


def test_a_day_holds_its_own_events_and_all_are_received_after_they_happen(tables: Tables) -> None:
    for rows in tables.values():
        assert rows["occurred_at"].is_between(DAY_3, DAY_3 + DAY, closed="left").all()
        assert (rows["received_at"] >= rows["occurred_at"]).all()
        assert (rows["received_at"] < rows["occurred_at"] + timedelta(minutes=5)).all()


def test_the_truth_names_what_its_events_hold(found: list[Happening]) -> None:
    rows = truth(WORLD, found)
    assert rows.schema == TRUTH
    assert (rows["start"] >= START).all()
    assert (rows["end"] < START + WEEK).all()
    assert rows.filter("guilty")["kind"].n_unique() == len(modules("campaigns"))
    assert rows.select("campaign", "actor", "entity_type", "entity").is_unique().all()


def test_the_truth_of_a_world_that_ends_early_leaves_out_who_did_nothing_yet() -> None:
    late = happening((START, "ann"), (START + 3 * DAY, "bob"), actors=["ann", "bob"])
    early = replace(WORLD, days=2)
    assert truth(early, [late])["entity"].to_list() == ["ann"]
    assert truth(early, [late])["end"].to_list() == [START]
    assert truth(WORLD, [late])["entity"].to_list() == ["ann", "bob"]
    assert truth(WORLD, [late], products=["chat"]).is_empty()


def test_nothing_of_the_truth_is_in_the_events(found: list[Happening], tables: Tables) -> None:
    names = {h.name for h in found} | {h.plan.kind for h in found if h.guilty}
    for rows in tables.values():
        assert not {"campaign", "kind_of_campaign", "variant", "guilty", "actor"} & {*rows.columns}
        for column in rows.select(pl.col(pl.String)):
            assert not names & set(column.unique().drop_nulls())


def test_a_column_that_the_contract_lacks_is_an_error() -> None:
    wrong = happening((DAY_3, "ann"), actors=["ann"])
    logins = wrong.deeds.events["accounts", "logins"].with_columns(guilty=pl.lit(value=True))
    wrong = replace(wrong, deeds=Deeds({("accounts", "logins"): logins}))
    with pytest.raises(PartError, match="Events of accounts/logins have guilty, which"):
        one_day(WORLD, [wrong], DAY_3)


def test_parts_that_fill_other_columns_become_one_table(tables: Tables) -> None:
    extra = happening((DAY_3, "ann"), (DAY_3 + DAY, "bob"), actors=["ann"])
    logins = one_day(WORLD, [extra], DAY_3)["accounts", "logins"]
    assert logins.columns == tables["accounts", "logins"].columns
    assert logins.filter(account_id="ann")["ip"].to_list() == [None]
    assert logins.filter(account_id="bob").is_empty()


def test_days_are_given_in_order() -> None:
    short = replace(WORLD, days=2)
    given = list(build.days(short, []))
    assert [day for day, _ in given] == [START, START + DAY]
    assert_frame_equal(
        given[1][1]["web", "api_requests"], one_day(short, [], START + DAY)["web", "api_requests"]
    )


def test_the_world_knows_nothing_of_monitors() -> None:
    code = (
        "import sys, orchestration.world.build as b\n"
        "for kind in ('traffic', 'campaigns', 'negatives'): b.modules(kind)\n"
        "print([m for m in sys.modules if m.startswith('monitors.') and m.split('.')[1] not in\n"
        "       ('columns', 'errors', 'events')])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout == "[]\n"
