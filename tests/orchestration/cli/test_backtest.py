import json
from datetime import timedelta
from pathlib import Path

import pytest

from monitors.registry import registry
from orchestration.lake import Lake
from tests.orchestration.cli.conftest import Tree, Watchfloor
from tests.support.lakes import Row, at, files, put

MONITOR = "shop/card_testing"
SPAN = ("--from", "2026-03-02", "--to", "2026-03-04")


def payments(account: str, start: str, n: int) -> list[Row]:
    return [
        {
            "account_id": account,
            "occurred_at": at(start) + i * timedelta(seconds=20),
            "amount_usd": 1.0,
            "succeeded": False,
            "event_id": f"{account}-{i}",
        }
        for i in range(n)
    ]


@pytest.fixture
def shop(tree: Tree, home: Path, request: pytest.FixtureRequest) -> Tree:
    """A tree with one monitor, threshold 100, and accounts with 120, 100, 90 and 5 payments."""
    options = ["--sql"] if getattr(request, "param", "python") == "sql" else []
    written = tree.watchfloor("monitors", "new", MONITOR, "--contract", "payments", *options)
    assert written.returncode == 0, written.stderr
    tree.commit()
    rows = [
        *payments("ann", "2026-03-02T10:00", 120),
        *payments("bob", "2026-03-03T10:00", 100),
        *payments("cat", "2026-03-03T11:00", 90),
        *payments("dan", "2026-03-03T11:00", 5),
    ]
    put(Lake(str(home / "lake")), "shop", "payments", rows)
    return tree


def change(tree: Tree, threshold: int) -> None:
    """Change the threshold in the monitor's file."""
    (path,) = (tree.root / "monitors" / "shop").glob("card_testing.*")
    text = path.read_text(encoding="utf-8")
    for equals in ("=", " = "):
        text = text.replace(f"threshold{equals}100", f"threshold{equals}{threshold}")
        text = text.replace(f"near{equals}80", f"near{equals}1")
    path.write_text(text, encoding="utf-8")


def backtest(tree: Tree, *arguments: str) -> dict[str, list[dict[str, object]]]:
    done = tree.watchfloor("backtest", MONITOR, *SPAN, *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    sections: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    return sections


def test_shows_days_and_stores_nothing(shop: Tree, home: Path) -> None:
    before = files(Lake(str(home / "lake")))
    assert backtest(shop) == {
        "days": [
            {"day": "2026-03-02", "findings": 1, "entities": 1, "scored": 1, "near": 0, "null": 0},
            {"day": "2026-03-03", "findings": 1, "entities": 1, "scored": 3, "near": 1, "null": 0},
        ]
    }
    assert files(Lake(str(home / "lake"))) == before


def test_sweeps_thresholds_with_labels(shop: Tree, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("entity,label\nann,true\nbob,false\ncat,true\n", encoding="utf-8")
    found = backtest(shop, "--sweep", "--labels", str(labels))
    assert [(r["threshold"], r["findings"]) for r in found["sweep"]] == [
        (120.0, 1),
        (100.0, 2),
        (90.0, 3),
        (5.0, 4),
    ]
    columns = ("threshold", "flagged", "true", "precision", "recall", "unlabelled")
    assert [tuple(r[c] for c in columns) for r in found["quality"]] == [
        (120.0, 1, 1, 1.0, 0.5, 0),
        (100.0, 2, 1, 0.5, 0.5, 0),
        (90.0, 3, 2, 2 / 3, 1.0, 0),
        (5.0, 3, 2, 2 / 3, 1.0, 1),
    ]


@pytest.mark.parametrize("shop", ["sql"], indirect=True)
def test_the_working_tree_finds_what_its_commit_finds(shop: Tree) -> None:
    assert backtest(shop, "--against", "HEAD", "--fail-on-change")["changes"] == []


@pytest.mark.parametrize("shop", ["python", "sql"], indirect=True)
def test_lists_what_changed_against_a_commit_and_leaves_git_alone(shop: Tree) -> None:
    shop.git("tag", "before")
    change(shop, 90)
    state = shop.git("status", "--porcelain"), shop.git("worktree", "list")
    found = backtest(shop, "--against", "before", "--entities")["changes"]
    assert [(r["change"], r["entity"], r["score_after"]) for r in found] == [("added", "cat", 90.0)]
    assert (shop.git("status", "--porcelain"), shop.git("worktree", "list")) == state
    change_of_detector(shop)
    if (shop.root / "monitors" / "shop" / "card_testing.py").exists():
        found = backtest(shop, "--against", "before", "--entities")["changes"]
        assert [(r["change"], r["entity"], r["score_before"], r["score_after"]) for r in found] == [
            ("added", "cat", None, 180.0),
            ("score", "ann", 120.0, 240.0),
            ("score", "bob", 100.0, 200.0),
        ]


def change_of_detector(tree: Tree) -> None:
    """Let the shared detector count everything twice."""
    path = tree.root / "monitors" / "detectors" / "sliding_count.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("level=pl.len()", "level=2 * pl.len()"), encoding="utf-8")


def test_fails_on_changes_if_asked_and_hides_entities(shop: Tree) -> None:
    change(shop, 110)
    against = ("--against", "HEAD", "--fail-on-change", "--format", "json")
    done = shop.watchfloor("backtest", MONITOR, *SPAN, *against)
    assert done.returncode == 1
    (row,) = json.loads(done.stdout)["changes"]
    assert (row["change"], row["score_before"]) == ("removed", 100.0)
    assert row["entity"].startswith("account_")
    assert "bob" not in done.stdout


def test_a_commit_without_the_monitor_or_no_commit_is_wrong_usage(shop: Tree) -> None:
    for ref, wanted in (("HEAD~1", "There is no monitor"), ("nosuch", "There is no commit")):
        done = shop.watchfloor("backtest", MONITOR, *SPAN, "--against", ref)
        assert (done.returncode, done.stdout) == (2, "")
        assert wanted in done.stderr


def test_days_without_events_are_a_lack_of_data(watchfloor: Watchfloor) -> None:
    some = next(m for m in registry().monitors.values() if m.every == "1d")
    done = watchfloor("backtest", some.id, *SPAN)
    assert done.exit_code == 3
    assert f"The lake has no events that '{some.id}' reads" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--from", "2026-03-02"], "Missing option '--to'"),
        (["--from", "2026-03-02T10:30", "--to", "2026-03-03"], "give "),
        (["--from", "2026-03-03", "--to", "2026-03-02"], "is no time"),
        (["--from", "monday", "--to", "2026-03-02"], "'monday' is no time"),
        ([*SPAN, "--fail-on-change"], "--fail-on-change needs --against"),
        ([*SPAN, "--labels", "nosuch.csv"], "does not exist"),
    ],
)
def test_wrong_usage(watchfloor: Watchfloor, arguments: list[str], wanted: str) -> None:
    done = watchfloor("backtest", next(iter(registry().monitors)), *arguments)
    assert done.exit_code == 2
    assert wanted in done.stderr
