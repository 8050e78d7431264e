import threading
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Monitor, Severity
from monitors.registry import registry
from orchestration.acts.demotion import Demoted, follow
from orchestration.acts.promotion import approve
from orchestration.alerts.config import parse_config
from orchestration.intake.modes import Fit
from orchestration.intake.settings import in_force
from orchestration.ledger.approvals import last_approval
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Row, waiting
from orchestration.ledger.states import ModeState
from orchestration.policies.enforcement_yaml import parse_enforcement
from tests.support.enforcement import ANA
from tests.support.ledgers import NOON
from tests.support.measuring import judge
from tests.support.monitors import failed_logins

RULES = Path(__file__).parents[3] / "orchestration" / "enforcement.yaml"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIG = parse_config(
    """
routes:
  - {name: urgent, receiver: C0URGENT, match: ['severity="S1"']}
  - {name: rest, receiver: C0ABUSE}
"""
)
MONITOR = failed_logins  # its action has no gate: 0.80 of 14 labels
OTHER = replace(failed_logins, name="other", severity=Severity.S1)


@pytest.fixture
def auto(ledger: Engine) -> Engine:
    """A ledger with two monitors in auto, 14 labels each, all right."""
    parse = partial(parse_enforcement, products=registry().products)
    in_force(ledger, name="enforcement", path=RULES, parse=parse, now=NOON)
    for number, monitor in enumerate((MONITOR, OTHER)):
        with writing(ledger) as connection:
            judge(connection, monitor.id, [True] * 14, at=NOON, first=100 * number)
        for to in (ModeState.REVIEW, ModeState.AUTO):
            approve(ledger, who=ANA, monitor=monitor, to=to, reason="good", now=NOON + HOUR)
    return ledger


def followed(
    ledger: Engine, *, now: datetime = NOON + 2 * HOUR, fit: Fit | None = None
) -> list[Demoted]:
    return follow(ledger, [MONITOR, OTHER], config=CONFIG, fit=fit, now=now)


def wrong(ledger: Engine, monitor: Monitor = MONITOR) -> None:
    """One more label, and it is wrong."""
    with writing(ledger) as connection:
        judge(connection, monitor.id, [False], at=NOON + HOUR, first=50)


def told(ledger: Engine) -> list[Row]:
    with reading(ledger) as connection:
        rows = waiting(connection, NOON + 100 * DAY, 100)
    return [row for row in rows if row.kind == "demotion"]


def mode(ledger: Engine, monitor: Monitor = MONITOR) -> ModeState:
    with reading(ledger) as connection:
        last = last_approval(connection, monitor=monitor.id, version=monitor.version)
    assert last is not None
    return last.mode


def test_what_measurement_allows_stays_in_auto_and_nothing_is_written(auto: Engine) -> None:
    with reading(auto) as connection:
        before = len(list(entries(connection)))
    assert followed(auto) == []
    with reading(auto) as connection:
        assert len(list(entries(connection))) == before


def test_one_label_too_many_that_is_wrong_demotes_that_version_alone(auto: Engine) -> None:
    wrong(auto)
    assert followed(auto) == [Demoted(MONITOR.id, 1, ("lower_bound",))]
    assert (mode(auto), mode(auto, OTHER)) == (ModeState.REVIEW, ModeState.AUTO)
    with reading(auto) as connection:
        last = list(entries(connection))[-1]
    assert (last.actor, last.verb, last.object) == (
        *("system:measurement", "demote", "monitor:accounts/failed_logins:v1"),
    )
    assert last.reason == (
        "lower_bound: lower bound 0.721 (14 of 15 right, one-sided 95 %), 0.80 wanted"
    )


def test_it_is_told_once_with_ids_and_counts_where_its_alerts_are_told(auto: Engine) -> None:
    wrong(auto)
    assert len(followed(auto)) == 1
    assert followed(auto, now=NOON + 3 * HOUR) == []
    (row,) = told(auto)
    assert row.receiver == "C0ABUSE"
    assert row.payload == {
        "monitor": "accounts/failed_logins",
        "version": 1,
        "why": ["lower_bound"],
        "k": 14,
        "n": 15,
        "wanted_n": 14,
        "wanted_per_mille": 800,
        "labels_needed": 7,
        "at": int((NOON + 2 * HOUR).timestamp()),
    }


def test_one_that_is_urgent_is_told_where_urgent_alerts_are(auto: Engine) -> None:
    followed(auto, fit=lambda name, _: "check:canary" if name == OTHER.id else None)
    (row,) = told(auto)
    assert (row.receiver, row.payload["why"]) == ("C0URGENT", ["check:canary"])


def test_labels_that_grow_old_demote_it(auto: Engine) -> None:
    assert followed(auto, now=NOON + 30 * DAY) == []
    old = followed(auto, now=NOON + 30 * DAY + HOUR)
    assert [one.why for one in old] == [("stale",), ("stale",)]


def test_a_check_that_waits_demotes_nothing(auto: Engine) -> None:
    assert followed(auto, fit=lambda _, __: "waits:evaluated") == []


def test_a_version_that_is_disabled_is_looked_at_when_it_is_back(auto: Engine) -> None:
    approve(
        auto,
        who=ANA,
        monitor=MONITOR,
        to=ModeState.DISABLED,
        reason="its log is doubled",
        until=NOON + DAY,
        now=NOON + HOUR,
    )
    wrong(auto)
    assert followed(auto) == []
    assert [one.monitor for one in followed(auto, now=NOON + DAY)] == [MONITOR.id]
    assert mode(auto) is ModeState.REVIEW


def test_a_new_version_has_nothing_to_be_taken_from(auto: Engine) -> None:
    wrong(auto)
    after = replace(MONITOR, version=2)
    assert follow(auto, [after], config=CONFIG, now=NOON + 2 * HOUR) == []


def test_promoted_and_sabotaged_again_it_is_told_again(auto: Engine) -> None:
    wrong(auto)
    followed(auto)
    with writing(auto) as connection:
        judge(connection, MONITOR.id, [True] * 10, at=NOON + HOUR, first=60)
    approve(auto, who=ANA, monitor=MONITOR, to=ModeState.AUTO, reason="tuned", now=NOON + 3 * HOUR)
    assert followed(auto, now=NOON + 4 * HOUR) == []
    followed(
        auto, now=NOON + 5 * HOUR, fit=lambda name, _: (name == MONITOR.id and "check:x") or None
    )
    assert [row.payload["why"] for row in told(auto)] == [["lower_bound"], ["check:x"]]


def test_of_many_that_see_the_same_one_demotes(auto: Engine) -> None:
    wrong(auto)
    found: list[list[Demoted]] = []
    start = threading.Barrier(4)

    def look() -> None:
        start.wait()
        found.append(followed(auto))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(one) for one in found) == [0, 0, 0, 1]
    assert len(told(auto)) == 1
