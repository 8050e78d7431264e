import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.deployment import prepare
from orchestration.lake import Lake
from orchestration.ledger.database import connect, writing
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.tables import outbox
from orchestration.settings import load
from tests.orchestration.cli.conftest import Watchfloor
from tests.support.lakes import files, put

LONG_AGO = datetime.now(UTC) - timedelta(days=120)


def pruned(watchfloor: Watchfloor, *arguments: str) -> list[dict[str, object]]:
    done = watchfloor("prune", *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_nothing_is_made_where_there_is_nothing(watchfloor: Watchfloor, home: Path) -> None:
    assert pruned(watchfloor) == []
    assert not home.exists()


def test_a_dry_run_says_what_would_go_and_the_other_deletes_it(
    watchfloor: Watchfloor, home: Path
) -> None:
    lake = Lake(str(home / "lake"))
    put(lake, "accounts", "logins", [{"occurred_at": LONG_AGO, "succeeded": True}])
    assert watchfloor("ledger", "init").exit_code == 0
    engine = connect(f"sqlite:///{home / 'ledger.db'}")
    with writing(engine) as connection:
        enqueue(
            connection,
            intents=[Intent("o1", "notice", "C0ABUSE", {"n": 1}, LONG_AGO)],
            audit_seq=1,
            now=LONG_AGO,
        )
        connection.execute(outbox.update().values(done_at=LONG_AGO, outcome="sent"))
    engine.dispose()
    before = files(lake)
    rows = pruned(watchfloor, "--dry-run")
    assert [(row["where"], row["table"], row["would_go"]) for row in rows] == [
        ("lake", "events/logins", 1),
        ("ledger", "outbox", 1),
    ]
    assert files(lake) == before
    rows = pruned(watchfloor)
    assert [(row["where"], row["table"], row["deleted"]) for row in rows] == [
        ("lake", "events/logins", 1),
        ("ledger", "outbox", 1),
    ]
    assert pruned(watchfloor, "--dry-run") == []


def test_the_settings_say_for_how_long(
    watchfloor: Watchfloor, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(Lake(str(home / "lake")), "accounts", "logins", [{"occurred_at": LONG_AGO}])
    monkeypatch.setenv("WATCHFLOOR_KEEP_EVENTS_DAYS", "121")
    assert pruned(watchfloor, "--dry-run") == []
    monkeypatch.setenv("WATCHFLOOR_KEEP_EVENTS_DAYS", "119")
    assert len(pruned(watchfloor, "--dry-run")) == 1


def test_dagsters_young_runs_stay(watchfloor: Watchfloor, home: Path) -> None:
    assert watchfloor("init").exit_code == 0
    with prepare(load()) as instance:
        run = dg.materialize([young], instance=instance)
        assert pruned(watchfloor) == []
        assert instance.has_run(run.run_id)
    assert (home / "dagster").exists()


@dg.asset
def young() -> None:
    pass
