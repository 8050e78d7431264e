import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.cli.conftest import Watchfloor

pytestmark = pytest.mark.usefixtures("lake")


def found(watchfloor: Watchfloor, *arguments: str) -> list[dict[str, object]]:
    done = watchfloor("findings", *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_lists_the_newest_first_and_the_highest_of_an_hour(watchfloor: Watchfloor) -> None:
    rows = found(watchfloor, "--entities")
    assert [(r["entity"], r["score"], r["window_end"]) for r in rows] == [
        ("ann", 3.0, "2026-03-03T01:00:00Z"),
        ("ann", 5.0, "2026-03-02T11:00:00Z"),
        ("bob", 3.0, "2026-03-02T11:00:00Z"),
    ]


def test_shows_pseudonyms_and_no_evidence_unless_asked(watchfloor: Watchfloor, home: Path) -> None:
    done = watchfloor("findings")
    name = Pseudonyms(home).name("account_id", "ann")
    assert name in done.stdout
    assert "ann" not in done.stdout.replace(name, "")
    assert "evidence" not in done.stdout
    assert "evidence" in watchfloor("findings", "--entities").stdout


def test_an_entity_is_found_by_its_id_and_by_its_pseudonym(
    watchfloor: Watchfloor, home: Path
) -> None:
    name = Pseudonyms(home).name("account_id", "bob")
    for given in ("bob", name):
        assert [r["entity"] for r in found(watchfloor, "--entity", given)] == [name]
    assert found(watchfloor, "--entity", "account_000000000000") == []


def test_limits_the_rows(watchfloor: Watchfloor) -> None:
    assert [r["window_end"] for r in found(watchfloor, "--limit", "1")] == ["2026-03-03T01:00:00Z"]


@pytest.mark.parametrize(
    ("since", "n"), [("2026-03-02", 3), ("2026-03-02T11:00", 3), ("2026-03-02T11:01", 1), ("1h", 0)]
)
def test_since_is_a_day_a_time_or_how_long_ago(watchfloor: Watchfloor, since: str, n: int) -> None:
    assert len(found(watchfloor, "--since", since)) == n


def test_how_long_ago_is_told_from_now(watchfloor: Watchfloor) -> None:
    days = (datetime.now(UTC) - datetime(2026, 3, 1, tzinfo=UTC)) // timedelta(days=1) + 1
    assert len(found(watchfloor, "--since", f"{days}d")) == 3


def test_a_since_that_is_no_time_is_wrong_usage(watchfloor: Watchfloor) -> None:
    done = watchfloor("findings", "--since", "yesterday")
    assert done.exit_code == 2
    assert "'yesterday' is no time; wanted 2026-03-01" in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "n"),
    [
        ("--product", "accounts", 3),
        ("--product", "web", 0),
        ("--monitor", "accounts/failed_logins", 3),
    ],
)
def test_filters(watchfloor: Watchfloor, option: str, value: str, n: int) -> None:
    assert len(found(watchfloor, option, value)) == n


def test_an_unknown_monitor_is_wrong_usage(watchfloor: Watchfloor) -> None:
    done = watchfloor("findings", "--monitor", "accounts/no_such")
    assert done.exit_code == 2
    assert "There is no monitor 'accounts/no_such'" in done.stderr


def test_top_has_one_row_per_entity(watchfloor: Watchfloor) -> None:
    rows = found(watchfloor, "--top", "--entities")
    assert rows == [
        {
            "entity_type": "account_id",
            "entity": "ann",
            "findings": 2,
            "monitors": "failed_logins",
            "severity": 2,
            "times_threshold": 5 / 3,
            "first": "2026-03-02T10:00:00Z",
            "last": "2026-03-03T01:00:00Z",
        },
        {
            "entity_type": "account_id",
            "entity": "bob",
            "findings": 1,
            "monitors": "failed_logins",
            "severity": 2,
            "times_threshold": 1.0,
            "first": "2026-03-02T10:00:00Z",
            "last": "2026-03-02T11:00:00Z",
        },
    ]


def test_top_hides_entities_too(watchfloor: Watchfloor) -> None:
    assert "ann" not in {r["entity"] for r in found(watchfloor, "--top")}
