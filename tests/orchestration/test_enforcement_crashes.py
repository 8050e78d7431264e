"""Crashes at every fault point from a plan to the notice of an appeal: service and ledger agree.

`python -m benchmarks.enforcement_crashes` runs more of the same.
"""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.support.crash_ledgers import New
from tests.support.crash_seeds import never_crossed, wrong_after
from tests.support.enforcement_crash_kills import killed
from tests.support.enforcement_crash_schedules import run
from tests.support.enforcement_crashes import COMMITS, PLACES

ROOT = Path(__file__).parents[2]
pytest_plugins = ["tests.support.crash_fixtures"]
TENS = [range(first, first + 10) for first in range(0, 60, 10)]


def wrong(seed: int, home: Path, ledger: str) -> list[str]:
    ran = run(seed, home, ledger)
    return [f"after {ran.faults.crashes}: {text}" for text in ran.wrong]


def crossed(seed: int, home: Path, ledger: str) -> Collection[str]:
    return run(seed, home, ledger).faults.crossed


@pytest.mark.parametrize("seeds", TENS[:4], ids=str)
def test_whatever_crashes_on_sqlite_service_and_ledger_agree(
    seeds: range, sqlite: New, tmp_path: Path
) -> None:
    assert wrong_after(seeds, wrong, sqlite, tmp_path) == {}


@pytest.mark.parametrize("seeds", TENS[4:], ids=str)
def test_whatever_crashes_on_postgresql_service_and_ledger_agree(
    seeds: range, postgresql: New, tmp_path: Path
) -> None:
    assert wrong_after(seeds, wrong, postgresql, tmp_path) == {}


def test_every_function_that_commits_is_named() -> None:
    assert {
        f"{folder}.{path.stem}.{name}"
        for folder in ("enforcement", "appeals")
        for path in (ROOT / "orchestration" / folder).glob("*.py")
        for name in committing(ast.parse(path.read_text(encoding="utf-8")), "")
    } - {"appeals.review.begun"} == set(COMMITS)


def committing(tree: ast.AST, within: str) -> Iterator[str]:
    """Functions with a transaction of their own, by name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{within}{node.name}"
            if isinstance(node, ast.FunctionDef) and any(map(is_transaction, ast.walk(node))):
                yield name
            yield from committing(node, f"{name}.")


def is_transaction(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(
        isinstance(item.context_expr, ast.Call)
        and isinstance(item.context_expr.func, ast.Name)
        and item.context_expr.func.id in {"writing", "begun"}
        for item in node.items
    )


def test_every_fault_point_that_is_named_is_crossed(sqlite: New, tmp_path: Path) -> None:
    seeds = range(80)  # until they have reached every point between them
    assert never_crossed(PLACES, seeds, crossed, sqlite, tmp_path) == set()


def test_what_is_killed_again_and_again_acts_once_on_each(new: New, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with new(home) as ledger:
        done = killed(4, 1, home, ledger)
    assert done.wrong == []
    assert (done.rounds > 0, done.states.total() > 0) == (True, True)
