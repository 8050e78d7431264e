import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from monitors.evaluate import Span
from monitors.registry import registry
from orchestration.launch import seed_sets
from orchestration.launch.backtests import keep_backtest
from orchestration.launch.errors import LaunchError
from orchestration.launch.facts_ledger import backtests, seeded
from orchestration.launch.seeds import load_seeds, named, recall, run_seeds
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.roles import Role
from tests.support.enforcement import REVIEWER, somebody
from tests.support.ledgers import NOON

SETS = Path(__file__).parents[3] / "samples" / "seeds"
ENGINEER = somebody("eli", Role.ENGINEER)
SPAM = registry().get("chat/mass_messages")
UNDRESSING = registry().get("images/undressing")
WEEK = Span(datetime(2026, 2, 16, tzinfo=UTC), datetime(2026, 2, 23, tzinfo=UTC))


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """The shipped sets, to be changed."""
    shutil.copytree(SETS, tmp_path / "seeds")
    return tmp_path / "seeds"


def test_a_run_records_what_the_version_found_of_the_set(ledger: Engine) -> None:
    seeds = load_seeds(SETS, "mass-messages-1")

    done = run_seeds(ledger, ENGINEER, seeds, SPAM, now=NOON)

    assert (done.found, done.of) == (135, 137)
    with reading(ledger) as connection:
        kept = seeded(connection, "chat/mass_messages")["mass-messages-1"]
        last = list(entries(connection))[-1]
    assert (kept.version, kept.found, kept.of, kept.at) == (1, 135, 137, NOON)
    assert (last.verb, last.actor) == ("seed", "eli")
    assert last.object.startswith("seeded_run:chat/mass_messages/v1:seeded_")


def test_what_a_set_hides_is_not_found() -> None:
    assert recall(load_seeds(SETS, "undressing-1"), UNDRESSING) == (25, 49)


def test_honest_people_of_a_set_do_not_count(sets: Path) -> None:
    truth = sets / "mass-messages-1" / "truth.csv"
    truth.write_text("entity_type,entity\naccount_id,nobody\n", encoding="utf-8")
    assert recall(load_seeds(sets, "mass-messages-1"), SPAM) == (0, 1)


def test_another_set_of_the_same_name_has_another_digest(sets: Path) -> None:
    before = load_seeds(sets, "undressing-1").digest
    truth = sets / "undressing-1" / "truth.csv"
    truth.write_text(truth.read_text() + "account_id,one-more\n", encoding="utf-8")
    assert load_seeds(SETS, "undressing-1").digest == before
    assert load_seeds(sets, "undressing-1").digest != before


def test_a_set_that_the_monitor_does_not_read_is_refused(ledger: Engine) -> None:
    seeds = load_seeds(SETS, "undressing-1")
    with pytest.raises(LaunchError, match=r"events of images; wanted some, .* reads: messages"):
        run_seeds(ledger, ENGINEER, seeds, SPAM, now=NOON)
    with reading(ledger) as connection:
        assert seeded(connection, SPAM.id) == {}


def test_who_may_not_promote_records_nothing(ledger: Engine) -> None:
    with pytest.raises(PeopleError):
        run_seeds(ledger, REVIEWER, load_seeds(SETS, "undressing-1"), UNDRESSING, now=NOON)
    with pytest.raises(PeopleError):
        keep_backtest(ledger, REVIEWER, SPAM.id, 1, span=WEEK, findings=14, now=NOON)


def test_a_set_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(LaunchError, match="there are mass-messages-1, undressing-1"):
        load_seeds(SETS, "mass-messages-2")


@pytest.mark.parametrize("damage", ["truth", "strange", "cut", "empty"])
def test_a_damaged_set_is_refused_by_name(sets: Path, damage: str) -> None:
    home = sets / "undressing-1"
    if damage == "truth":
        (home / "truth.csv").write_text("who\nu1\n", encoding="utf-8")
    elif damage == "strange":
        (home / "images.parquet").rename(home / "pictures.parquet")
    elif damage == "cut":
        (home / "images.parquet").write_bytes(b"PAR1")
    else:
        (home / "images.parquet").unlink()
    with pytest.raises(LaunchError, match="'undressing-1'"):
        load_seeds(sets, "undressing-1")


def test_the_shipped_sets_are_those_that_the_world_gives(tmp_path: Path) -> None:
    seed_sets.make(tmp_path)
    assert named(tmp_path) == named(SETS)
    for name in named(SETS):
        made, shipped = load_seeds(tmp_path, name), load_seeds(SETS, name)
        assert made.truth.sort("entity").equals(shipped.truth.sort("entity"))
        assert made.events.keys() == shipped.events.keys()
        assert all(made.events[one].equals(shipped.events[one]) for one in made.events)


def test_shipped_sets_hold_no_text() -> None:
    for path in SETS.glob("*/*.parquet"):
        assert set(pl.read_parquet_schema(path)).isdisjoint({"text", "prompt", "title", "body"})


def test_a_kept_backtest_is_what_the_gate_reads(ledger: Engine) -> None:
    assert keep_backtest(ledger, ENGINEER, SPAM.id, 1, span=WEEK, findings=14, now=NOON) == 2.0
    keep_backtest(ledger, ENGINEER, SPAM.id, 1, span=WEEK, findings=14, now=NOON)

    with reading(ledger) as connection:
        kept = backtests(connection, SPAM.id)
        acts = [one.verb for one in entries(connection) if one.object.startswith("backtest:")]
    assert (kept.version, kept.at, kept.a_day) == (1, NOON, 2.0)  # type: ignore[union-attr]
    assert acts == ["keep"]


def test_a_backtest_of_days_to_come_is_not_kept(ledger: Engine) -> None:
    ahead = Span(WEEK.start, datetime(2026, 3, 3, tzinfo=UTC))
    with pytest.raises(LaunchError, match="wanted a time that is over"):
        keep_backtest(ledger, ENGINEER, SPAM.id, 1, span=ahead, findings=14, now=NOON)
