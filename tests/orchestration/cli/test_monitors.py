import json
import shutil

import pytest

from monitors.digest import digest
from monitors.registry import registry
from tests.orchestration.cli.conftest import REPOSITORY, Tree, Watchfloor

SOME = next(iter(registry().monitors.values()))


def test_lists_every_monitor(watchfloor: Watchfloor) -> None:
    rows = json.loads(watchfloor("monitors", "list", "--format", "json").stdout)
    assert [r["id"] for r in rows] == sorted({**registry().monitors, **registry().broken})


def test_lists_one_product(watchfloor: Watchfloor) -> None:
    shown = watchfloor("monitors", "list", "--product", SOME.product, "--format", "json")
    rows = json.loads(shown.stdout)
    assert [r["id"] for r in rows] == [m for m in registry().monitors if m.startswith(SOME.product)]


def test_a_product_without_monitors_is_told_so(watchfloor: Watchfloor) -> None:
    done = watchfloor("monitors", "list", "--product", "nosuch")
    assert done.exit_code == 0
    assert "No monitor watches 'nosuch'" in done.stderr


def test_shows_a_monitor(watchfloor: Watchfloor) -> None:
    (row,) = json.loads(watchfloor("monitors", "show", SOME.id, "--format", "json").stdout)
    wanted = {"id": SOME.id, "threshold": SOME.threshold, "digest": digest(SOME)}
    assert {name: row[name] for name in wanted} == wanted
    assert SOME.behaviour in watchfloor("monitors", "show", SOME.id).stdout


def test_prints_a_digest(watchfloor: Watchfloor) -> None:
    assert watchfloor("monitors", "digest", SOME.id).stdout == f"{digest(SOME)}\n"


@pytest.mark.parametrize("command", ["show", "digest"])
def test_an_unknown_monitor_is_wrong_usage(watchfloor: Watchfloor, command: str) -> None:
    done = watchfloor("monitors", command, f"{SOME.id}x")
    assert done.exit_code == 2
    assert f"Did you mean {SOME.id}" in done.stderr


@pytest.mark.parametrize(("contract", "sql"), [("volumes", False), ("payments", True)])
def test_a_new_monitor_works_as_written(tree: Tree, contract: str, *, sql: bool) -> None:
    arguments = ["shop/card_testing", "--contract", contract, *(["--sql"] if sql else [])]
    done = tree.watchfloor("monitors", "new", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    source = f"monitors/shop/card_testing.{'sql' if sql else 'py'}"
    test, runbook = "tests/monitors/shop/test_card_testing.py", "docs/runbooks/card_testing.md"
    for path in ("monitors/shop/__init__.py", source, test, runbook):
        assert f"  {path}\n" in done.stdout
        assert (tree.root / path).exists()
    assert f"1. {source}" in done.stdout

    (line,) = (line for line in done.stdout.splitlines() if line.lstrip().startswith("| [`"))
    page = tree.root / "docs" / "monitors" / "shop.md"
    page.parent.mkdir()
    page.write_text(f"{line.strip()}\n", encoding="utf-8")
    of_all = ("tests/test_every_monitor.py", "tests/test_docs_monitors.py")
    for path in of_all:
        shutil.copy(REPOSITORY / path, tree.root / path)
    # That one counts the monitors that ship.
    others = ("--deselect", f"{of_all[0]}::test_no_monitor_file_is_broken")
    passed = tree.python("-m", "pytest", "-q", test, *of_all, *others)
    assert passed.returncode == 0, passed.stdout
    for command in (["check"], ["format", "--check"]):
        linted = tree.python("-m", "ruff", *command, "monitors/shop", test)
        assert linted.returncode == 0, linted.stdout
    (shown,) = json.loads(
        tree.watchfloor("monitors", "show", "shop/card_testing", "--format", "json").stdout
    )
    assert (shown["mode"], shown["runbook"]) == ("shadow", runbook)
    assert f'DIGESTS = {{1: "{shown["digest"]}"}}' in (tree.root / test).read_text()
    headings = [x for x in (tree.root / runbook).read_text().splitlines() if x.startswith("## ")]
    assert headings == [
        "## What it means",
        "## First three queries",
        "## False alarms",
        "## Who decides",
    ]


def test_a_new_monitor_overwrites_nothing(tree: Tree) -> None:
    runbook = tree.root / "docs" / "runbooks" / "card_testing.md"
    runbook.parent.mkdir(parents=True)
    runbook.write_text("mine", encoding="utf-8")
    before = sorted(tree.root.rglob("*.py"))
    done = tree.watchfloor("monitors", "new", "shop/card_testing")
    assert done.returncode == 2
    assert "docs/runbooks/card_testing.md exists and is not overwritten" in done.stderr
    assert sorted(tree.root.rglob("*.py")) == before
    assert runbook.read_text(encoding="utf-8") == "mine"


def test_a_new_monitor_that_cannot_be_finished_leaves_no_part_of_it(tree: Tree) -> None:
    (tree.root / "docs").mkdir()
    (tree.root / "docs" / "runbooks").write_text("no folder", encoding="utf-8")
    done = tree.watchfloor("monitors", "new", "shop/card_testing")
    assert done.returncode == 1
    assert "FileExistsError" in done.stderr
    folders = (tree.root / "monitors" / "shop", tree.root / "tests" / "monitors" / "shop")
    left = [p.name for folder in folders for p in folder.rglob("*") if p.suffix != ".pyc"]
    assert set(left) <= {"__pycache__"}


def test_a_monitor_in_python_stands_in_the_way_of_one_in_sql(tree: Tree) -> None:
    assert tree.watchfloor("monitors", "new", "shop/card_testing").returncode == 0
    done = tree.watchfloor("monitors", "new", "shop/card_testing", "--sql")
    assert done.returncode == 2
    assert "monitors/shop/card_testing.py" in done.stderr
    assert not (tree.root / "monitors" / "shop" / "card_testing.sql").exists()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["card_testing"], "wanted product/name"),
        (["Shop/card_testing"], "wanted product/name"),
        (["shop/card-testing"], "wanted product/name"),
        (["shop/../x"], "wanted product/name"),
        (["shop/class"], "wanted product/name"),
        (["events/card_testing"], "name of something else"),
        (["registry/card_testing"], "name of something else"),
        (["shop/payments", "--contract", "payments"], "name of something else"),
        (["shop/card_testing", "--contract", "nosuch"], "There is no event contract 'nosuch'"),
        (["shop/card_testing", "--author", 'x"'], "is no author's id"),
        (["shop/card_testing", "--harm", "nosuch"], "Invalid value for '--harm'"),
    ],
)
def test_refuses_what_no_monitor_can_be_called(
    watchfloor: Watchfloor, arguments: list[str], wanted: str
) -> None:
    done = watchfloor("monitors", "new", *arguments)
    assert done.exit_code == 2
    assert wanted in done.stderr
