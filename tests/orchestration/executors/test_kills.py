import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.executors.batch import apply_all
from orchestration.executors.errors import Unclear, Unreachable
from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Receipt
from tests.orchestration.reference_service.services import (
    SECRET,
    Client,
    Programme,
    order,
    programme,
)


def patient(client: Client) -> HttpExecutor:
    """One that really waits, as long as a start of the service may take."""
    return HttpExecutor(
        client.url,
        SECRET,
        clock=lambda: datetime.now(UTC),
        patience=timedelta(seconds=60),
    )


@pytest.mark.parametrize(
    ("fault", "acted"), [("hang_after", True), ("slow", False)], ids=["after acting", "before"]
)
def test_killed_in_mid_request_it_knows_what_it_did(
    tmp_path: Path, fault: str, *, acted: bool
) -> None:
    rules = [{"fault": fault, "on": ["apply"], "tries": 1}]
    with programme(tmp_path, rules=rules, seconds=600) as service:
        client = service.start()
        client.put(access="active")
        executor = client.executor(timeout=timedelta(seconds=60))
        errors: list[Exception] = []

        def apply() -> None:
            try:
                executor.apply(order())
            except (Unclear, Unreachable) as error:
                errors.append(error)

        thread = threading.Thread(target=apply)
        thread.start()
        if acted:
            until(lambda: client.effects() == [("applied", "k1")])
        else:
            time.sleep(0.5)
        service.kill()
        thread.join()
        assert [type(error) for error in errors] == [Unclear]
        service.faults = {}
        again = service.start()
        found = again.executor().find("k1")
        again.close()
        assert (found is not None) == acted
        assert executor.apply(order()).outcome == "applied"
        assert client.effects() == [("applied", "k1")]
        executor.close()
        assert service.stop() == 0


def until(happened: Callable[[], bool]) -> None:
    """Wait for the other side."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("It did not happen within half a minute.")


def test_five_kills_under_load_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    with programme(tmp_path, shares={"duplicate": 0.2, "error_after": 0.1}, seed=3) as service:
        client = service.start()
        names = [f"a{n}" for n in range(1500)]
        rows = [
            {"target_type": "account", "target": name, "fields": {"access": "active"}}
            for name in names
        ]
        assert client.ask("PUT", "/v1/targets", {"targets": rows})[0] == 200
        orders = [order(f"k-{name}", name) for name in names]
        executor, done, kills = patient(client), dict[str, Receipt](), 0
        while len(done) < 1500:
            left = [one for one in orders if one.key not in done]
            for one, result in apply_all(executor, left, workers=4):
                if isinstance(result, Receipt):
                    done[one.key] = result
                if kills < 5 and len(done) >= 200 * (kills + 1):
                    kills += 1
                    restart(service)
        assert kills == 5
        assert {receipt.outcome for receipt in done.values()} == {"applied"}
        assert Counter(everything(client)) == {("applied", one.key): 1 for one in orders}
        assert all(executor.find(key) == done[key] for key in list(done)[::100])
        executor.close()
        assert service.stop() == 0


def restart(service: Programme) -> None:
    """Kill it and start it again on its port."""
    service.kill()
    service.start()


def everything(client: Client) -> list[tuple[str, str | None]]:
    """Effects of the whole log, page by page."""
    lines: list[dict[str, object]] = []
    while True:
        after = lines[-1]["seq"] if lines else 0
        page = client.ask("GET", f"/v1/log?after={after}")[1]["log"]
        if not page:
            return [(line["kind"], line["key"]) for line in lines if line["kind"] != "by_hand"]
        lines += page


def test_what_was_acknowledged_is_there_after_a_kill_and_after_a_stop(tmp_path: Path) -> None:
    with programme(tmp_path) as service:
        client = service.start()
        client.put(access="active")
        receipt = client.executor().apply(order())
        client.close()
        restart(service)
        assert client.executor().find("k1") == receipt
        client.close()
        assert service.stop() == 0
        service.start()
        assert client.executor().apply(order()) == receipt
        assert client.value() == "suspended"
        client.close()
        assert service.stop() == 0
