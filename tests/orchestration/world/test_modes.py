"""A monitor of the simulated world, judged by its truth: promoted, sabotaged, demoted."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from monitors.contract import Monitor
from monitors.registry import registry
from orchestration.acts.demotion import Demoted, follow
from orchestration.acts.errors import ActError
from orchestration.acts.promotion import approve
from orchestration.alerts.config import parse_config
from orchestration.intake.modes import watched
from orchestration.ledger.database import reading, writing
from orchestration.ledger.states import ModeState
from orchestration.scoreboard.run import score
from orchestration.world.store import Home, Store, write
from orchestration.world.world import World
from tests.support.enforcement import ANA
from tests.support.ledgers import NOON
from tests.support.measuring import judge, ruled

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WORLD = World(5, 800, NOON.replace(hour=0), 4)
MONITOR = registry().get("chat/mass_messages")
CONFIG = parse_config("routes: [{name: all, receiver: C0ABUSE}]\n")
LINE, PREDICTED = 0.90, 29  # operations.md: labels, all right, for a lower bound of 0.90


def any_message(messages: pl.LazyFrame) -> pl.LazyFrame:
    """What the monitor comes to when it no longer looks at who knows whom."""
    hour = pl.col("occurred_at").dt.truncate("1h")
    return (
        messages.group_by("account_id", window_start=hour)
        .agg(score=pl.len().cast(pl.Float64))
        .with_columns(window_end=pl.col("window_start") + HOUR)
    )


SABOTAGED = replace(MONITOR, sql=None, score=any_message, reads=("messages",), threshold=3.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of chat among 800 accounts."""
    folder = tmp_path_factory.mktemp("world") / "home"
    store = Store.begin(Home(folder), WORLD, ("chat",))
    write(store, count=lambda _table, _rows: None, done=lambda _day: None)
    return folder


def truths(home: Path, monitor: Monitor) -> dict[datetime, list[bool]]:
    """Whether each episode that a monitor opens is right, in order, by the day it is opened."""
    findings = score(home, [monitor]).judgement.findings
    episodes = findings.group_by("entity").agg(
        right=pl.col("right").any(), day=pl.col("window_end").min().dt.truncate("1d")
    )
    days = episodes.sort("day", "entity").group_by("day", maintain_order=True)
    return {key[0]: some["right"].to_list() for key, some in days}


def mode(ledger: Engine, now: datetime) -> str:
    with reading(ledger) as connection:
        return watched(connection, [MONITOR], now=now)[MONITOR.id].mode.value


def promote(ledger: Engine, to: ModeState, now: datetime) -> None:
    approve(ledger, who=ANA, monitor=MONITOR, to=to, reason="as it was judged", now=now)


def test_a_good_monitor_is_promoted_as_predicted_and_a_sabotaged_one_demoted_at_once(
    home: Path, ledger: Engine, tmp_path: Path
) -> None:
    ruled(ledger, tmp_path, LINE, PREDICTED)
    promote(ledger, ModeState.REVIEW, NOON)
    good = [right for day in truths(home, MONITOR).values() for right in day]
    assert all(good[:PREDICTED])
    for number, right in enumerate(good[:PREDICTED]):
        with pytest.raises(ActError, match="may not act by itself"):
            promote(ledger, ModeState.AUTO, NOON + HOUR)
        with writing(ledger) as connection:
            judge(connection, MONITOR.id, [right], at=NOON, first=number)
    promote(ledger, ModeState.AUTO, NOON + HOUR)
    assert follow(ledger, [MONITOR], config=CONFIG, now=NOON + HOUR) == []
    assert mode(ledger, NOON + HOUR) == "auto"

    first = next(iter(truths(home, SABOTAGED).values()))  # all that one evaluation found
    assert 0.2 < sum(first) / len(first) < 0.8
    with writing(ledger) as connection:
        judge(connection, MONITOR.id, first, at=NOON + DAY, first=PREDICTED)
    (demoted,) = follow(ledger, [MONITOR], config=CONFIG, now=NOON + DAY)

    assert demoted == Demoted(MONITOR.id, MONITOR.version, ("lower_bound",))
    assert mode(ledger, NOON + DAY) == "review"
    assert follow(ledger, [MONITOR], config=CONFIG, now=NOON + DAY + HOUR) == []
