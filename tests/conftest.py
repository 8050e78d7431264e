import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import settings

from orchestration.lake import Lake
from tests.support.place import Place

pytest_plugins = ["tests.support.databases"]
# No test takes the power away, and a disk that is asked to keep each commit is slow: files of tests
# are in memory where Linux has room for them.
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # noqa: S108 - names below it are made by tempfile
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    tempfile.tempdir = str(MEMORY)
# The same examples in every run: CI answers for a change, `make search` looks for new faults.
settings.register_profile("same", derandomize=True, print_blob=True)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile("same")


# Files that take a minute or more. They begin first, so that no worker is left with one at the end.
LONG = (
    "tests/benchmarks/",
    "tests/orchestration/appeals/test_machine.py",
    "tests/orchestration/cli/cases/",
    "tests/orchestration/enforcement/test_lives.py",
    "tests/orchestration/enforcement/test_plan_orders.py",
    "tests/orchestration/test_crashes.py",
    "tests/orchestration/test_enforcement_crashes.py",
    "tests/test_demo.py",
    "tests/test_docs_",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="A test that is skipped fails, as in CI."
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined] - pluggy's result
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Place(tmp_path, Lake(str(tmp_path / "lake")), instance)
