"""The README's two commands, as a newcomer runs them, and what the UI then answers."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from monitors.registry import registry

ROOT = Path(__file__).parents[1]
WATCHFLOOR = str(Path(sys.executable).with_name("watchfloor"))
CHROMIUM = shutil.which("chromium")
MONITOR = "/assets/web/monitors/vulnerability_probing"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def environment(home: Path) -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHFLOOR_", "DAGSTER_"))}
    sources = str(ROOT / "samples" / "sources")
    return {**mine, "WATCHFLOOR_HOME": str(home), "WATCHFLOOR_SOURCES": sources}


@pytest.fixture(scope="module")
def demo(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [WATCHFLOOR, "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def served(
    demo: subprocess.CompletedProcess[str], environment: dict[str, str], home: Path
) -> Iterator[str]:
    assert demo.returncode == 0, demo.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (home / "dev.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        [WATCHFLOOR, "dev", "--port", str(port)], env=environment, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: ask(address, "{ version }")["version"], seconds=120)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()


@pytest.fixture
def page(served: str) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("needs Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        shown = browser.new_page(base_url=served, viewport={"width": 1400, "height": 1600})
        yield shown
        browser.close()


def ask(address: str, query: str) -> Any:  # noqa: ANN401 - JSON
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
        return json.load(answer)["data"]


def wait_for(check: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if check():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "it did not come up in time"
        time.sleep(1)


@pytest.mark.timeout(700)
def test_the_demo_prints_what_it_found_for_each_product(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert demo.returncode == 0, demo.stderr
    for product, events in {
        "web": "10,000",
        "api": "2,900",
        "chat": "664",
        "takedowns": "9,057",
    }.items():
        (line,) = [x for x in demo.stdout.splitlines() if f"│ {product} " in x]
        assert events in line
    assert "make dev" in demo.stdout
    assert demo.stderr == "", "quiet when piped"


@pytest.mark.timeout(700)
def test_the_demo_evaluates_every_monitor_those_of_platform_too(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert demo.returncode == 0, demo.stderr
    lines = [x for x in demo.stdout.splitlines() if x.startswith("│")]
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines]
    rows = {product: row for product, *row in cells if product}
    assert rows["platform"][:4] == ["-", "-", "2", "0"], "no events of its own, two monitors"
    assert sum(int(row[2]) for row in rows.values()) == len(registry().watching().monitors)


@pytest.mark.timeout(700)
def test_nothing_in_dagster_s_records_names_an_address_or_holds_a_prompt(
    demo: subprocess.CompletedProcess[str], home: Path
) -> None:
    assert demo.returncode == 0, demo.stderr
    secrets = [b"218.30.103.62", b"66.249.73.135", b"CumGPT", b"benjamin"]
    records = [p for p in (home / "dagster").rglob("*") if p.is_file()]
    assert records
    assert [(p.name, s) for p in records for s in secrets if s in p.read_bytes()] == []


@pytest.mark.timeout(900)
def test_schedules_and_sensors_run_and_the_daemon_lives(served: str) -> None:
    query = "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }"

    def alive() -> bool:
        found = ask(served, query)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(d["healthy"] for d in found if d["required"])

    wait_for(alive, seconds=90)
    where = '{repositoryLocationName: "watchfloor", repositoryName: "__repository__"}'
    found = ask(
        served,
        f"{{ repositoryOrError(repositorySelector: {where}) {{ ... on Repository {{"
        " schedules { name scheduleState { status } } sensors { name sensorState { status } }"
        " } } }",
    )["repositoryOrError"]
    states = {s["name"]: s["scheduleState"]["status"] for s in found["schedules"]}
    states |= {s["name"]: s["sensorState"]["status"] for s in found["sensors"]}
    assert set(states.values()) == {"RUNNING"}
    assert {"every_hour", "every_day", "late_events"} <= set(states)


@pytest.mark.timeout(900)
def test_a_monitor_s_page_answers_an_on_call(page: Page) -> None:
    page.goto(MONITOR)
    page.get_by_text("One address tries the doors").first.wait_for(timeout=60_000)
    page.get_by_text("entities_scored").first.wait_for(timeout=60_000)
    page.get_by_text("Passing").first.wait_for(timeout=180_000)  # once the daemon has looked
    text = page.inner_text("body")
    for answer in (
        "web-integrity",
        "severity: S2",
        "mode: shadow",
        "harm: cyber",
        "docs/runbooks/vulnerability_probing.md",
        "findings",
        "near_misses",
        "rows_read",
        "Passing",
    ):
        assert answer in text, answer


@pytest.mark.timeout(900)
def test_a_monitor_s_checks_page_shows_each_check(page: Page) -> None:
    page.goto(f"{MONITOR}?view=checks")
    for check in ("evaluated", "canary", "hit_rate"):
        page.get_by_text(check, exact=True).first.wait_for(timeout=60_000)
