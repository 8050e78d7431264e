"""What the lake holds, taken into a ledger."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.alerts.rules import Config, Route
from orchestration.evaluation import Run, evaluate_span
from orchestration.intake.run import Taken
from orchestration.lake import Lake
from orchestration.ledger.database import connect, reading
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.verify import verify
from tests.orchestration.intake.builders import (
    contents,
    findings,
    found_at,
    named,
    names_of,
    rows,
    stored,
    taken,
)
from tests.support.lakes import Row, at, put, span
from tests.support.monitors import failed_logins, failed_logins_of_a_day, failing
from tests.support.monitors import named as under

TEN, NOON = at("2026-03-02T10:00"), at("2026-03-02T12:00")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def table(ledger: Engine, name: str, *order: str) -> list[dict[str, object]]:
    with reading(ledger) as connection:
        return rows(connection, name, *order)


def history(ledger: Engine) -> list[tuple[object, ...]]:
    """Kind and revision of each finding, in the order in which they were written."""
    found = table(ledger, "alert_findings", "audit_seq", "entity", "revision")
    return [(row["entity"], row["kind"], row["revision"]) for row in found]


def failures(account: str, start: str, n: int) -> list[Row]:
    return [
        {
            "account_id": account,
            "ip": "192.0.2.7",
            "occurred_at": at(start) + i * MINUTE,
            "succeeded": False,
            "event_id": f"{account}-{start}-{i}",
        }
        for i in range(n)
    ]


def test_what_a_monitor_found_becomes_an_alert_and_a_notice(ledger: Engine, lake: Lake) -> None:
    put(lake, "accounts", "logins", [*failures("ann", "2026-03-02T10:00", 3)])
    evaluate_span(Run(lake, NOON), failed_logins, span("2026-03-02T10:00", "2026-03-02T11:00"))
    assert taken(ledger, lake, NOON) == Taken(evaluations=1, findings=1, notices=1, unready=0)
    (alert,) = table(ledger, "alerts")
    (waiting,) = table(ledger, "outbox")
    (cursor,) = table(ledger, "intake")
    assert (alert["monitor"], alert["state"]) == ("accounts/failed_logins", "firing")
    assert (alert["entity"], alert["severity"]) == (named("account_id", "ann"), 2)
    assert (alert["first_seen"], alert["last_seen"], alert["count"]) == (TEN, TEN + HOUR, 1)
    assert (waiting["kind"], waiting["receiver"], waiting["lane"]) == ("notice", "C0ABUSE", 2)
    assert (cursor["status"], cursor["as_of"], cursor["findings"]) == ("complete", NOON, 1)
    assert [row["verb"] for row in table(ledger, "audit", "seq")] == ["init", "open", "intake"]


def test_taking_the_same_in_again_changes_nothing(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0, "bob": 4.0}, as_of=TEN + HOUR)
    stored(lake, TEN + HOUR, {"bob": 5.0}, as_of=TEN + 2 * HOUR)
    assert taken(ledger, lake, NOON) == Taken(2, 3, 1, 0)
    before = contents(ledger)
    assert taken(ledger, lake, NOON) == Taken(0, 0, 0, 0)
    assert taken(ledger, lake, NOON + MINUTE, since=NOON) == Taken(0, 0, 0, 0)
    assert contents(ledger) == before


def test_a_later_run_that_finds_the_same_moves_the_cursor_only(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR)
    taken(ledger, lake, TEN + HOUR)
    before = contents(ledger)
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR + MINUTE)
    assert taken(ledger, lake, TEN + HOUR + MINUTE) == Taken(1, 1, 0, 0)
    after = contents(ledger)
    assert {name for name in before if before[name] != after[name]} == {"audit", "intake"}
    assert table(ledger, "intake")[0]["as_of"] == TEN + HOUR + MINUTE


def test_each_revision_of_a_finding_is_kept(ledger: Engine, lake: Lake) -> None:
    ann, bob = sorted([("ann", named("account_id", "ann")), ("bob", named("account_id", "bob"))])
    runs = [{"ann": 3.0, "bob": 3.0}, {"ann": 4.0, "bob": 3.0}, {"bob": 3.0}, {"ann": 9.0}]
    for minute, scores in enumerate(runs):
        now = NOON + minute * MINUTE
        stored(lake, TEN, scores, as_of=now, intent="late")
        taken(ledger, lake, now)
    a, b = ann[1], bob[1]
    assert sorted(history(ledger)[:2]) == sorted([(a, "new", 1), (b, "new", 1)])
    assert history(ledger)[2:4] == [(a, "amended", 2), (a, "retracted", 3)]
    assert sorted(history(ledger)[4:]) == sorted([(a, "new", 4), (b, "retracted", 2)])


def test_a_new_version_amends_what_the_old_one_found(ledger: Engine, lake: Lake) -> None:
    second = under(failed_logins, "failed_logins", version=2)
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR)
    taken(ledger, lake, TEN + HOUR)
    stored(lake, TEN, {"ann": 3.5}, as_of=NOON, monitor=second)
    assert taken(ledger, lake, NOON).notices == 0
    ann = named("account_id", "ann")
    assert history(ledger) == [(ann, "new", 1), (ann, "amended", 1)]
    ids = {row["finding_id"] for row in table(ledger, "alert_findings")}
    (alert,) = table(ledger, "alerts")
    assert (len(ids), alert["count"], alert["version"]) == (2, 1, 2)


def test_a_second_finding_joins_the_alert_of_its_entity(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR)
    taken(ledger, lake, TEN + HOUR)
    stored(lake, TEN + HOUR, {"ann": 3.0}, as_of=NOON)
    taken(ledger, lake, NOON)
    ann = named("account_id", "ann")
    assert history(ledger) == [(ann, "new", 1), (ann, "duplicate", 1)]
    assert table(ledger, "alerts")[0]["count"] == 2


def test_a_stale_or_failed_run_takes_nothing_back(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR, status="stale")
    taken(ledger, lake, TEN + HOUR)
    stored(lake, TEN, {}, as_of=TEN + HOUR + MINUTE, status="stale")
    taken(ledger, lake, TEN + HOUR + MINUTE)
    broken = failing(RuntimeError("no"))
    evaluate_span(
        Run(lake, NOON),
        under(broken, "failed_logins"),
        span("2026-03-02T10:00", "2026-03-02T11:00"),
    )
    assert taken(ledger, lake, NOON).evaluations == 1
    assert table(ledger, "intake")[0]["status"] == "failed"
    assert history(ledger) == [(named("account_id", "ann"), "new", 1)]
    assert table(ledger, "alerts")[0]["state"] == "firing"


def test_a_manifest_waits_until_its_findings_are_beside_it(ledger: Engine, lake: Lake) -> None:
    first = stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR)
    path = Path(str(found_at(lake, TEN)))
    path.unlink()
    assert taken(ledger, lake, NOON) == Taken(0, 0, 0, unready=1)
    lake.replace(found_at(lake, TEN), findings(failed_logins, TEN, {"ann": 3.0, "bob": 3.0}))
    assert taken(ledger, lake, NOON) == Taken(0, 0, 0, unready=1)
    assert table(ledger, "alerts") == []
    second = stored(lake, TEN, {"ann": 3.0, "bob": 3.0}, as_of=NOON)
    assert second.digest != first.digest
    assert taken(ledger, lake, NOON, since=NOON) == Taken(1, 2, 1, unready=0)


def test_an_hour_and_a_day_that_begin_together_are_taken_one_after_the_other(
    ledger: Engine, lake: Lake
) -> None:
    daily = under(failed_logins_of_a_day, "failed_logins")
    midnight = at("2026-03-02")
    stored(lake, midnight, {"ann": 3.0}, as_of=midnight + DAY)
    stored(lake, midnight, {"ann": 3.0}, as_of=midnight + DAY, monitor=daily)
    now = midnight + DAY
    assert taken(ledger, lake, now) == Taken(1, 1, 1, unready=1)
    assert taken(ledger, lake, now).unready == 0
    ann = named("account_id", "ann")
    assert history(ledger) == [(ann, "new", 1), (ann, "duplicate", 2)]


def test_what_ended_before_the_memory_is_left(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + HOUR)
    assert taken(ledger, lake, TEN + HOUR + 14 * DAY) == Taken(0, 0, 0, 0)
    assert taken(ledger, lake, TEN + HOUR + 14 * DAY - MINUTE) == Taken(1, 1, 1, 0)


def test_a_backfill_opens_nothing(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0}, as_of=TEN + 3 * DAY, intent="replay")
    assert taken(ledger, lake, TEN + 3 * DAY).notices == 0
    assert table(ledger, "alerts") == []
    stored(lake, TEN + HOUR, {"ann": 3.0}, as_of=TEN + DAY, intent="replay")
    assert taken(ledger, lake, TEN + DAY).notices == 1


def test_what_cannot_be_written_leaves_nothing_behind(ledger: Engine, lake: Lake) -> None:
    stored(lake, TEN, {"ann": 3.0, "bob": 4.0}, as_of=TEN + HOUR)
    before = contents(ledger)
    with pytest.raises(LedgerError, match="entity is a text of 9 characters that is no id"):
        taken(
            ledger, lake, NOON, names=lambda _, some: {entity: f"who? {entity}!" for entity in some}
        )
    assert contents(ledger) == before
    assert taken(ledger, lake, NOON).findings == 2


def test_two_intakes_at_once_take_each_finding_once(ledger: Engine, url: str, lake: Lake) -> None:
    for hour in range(4):
        stored(lake, TEN + hour * HOUR, {"ann": 3.0, "bob": 4.0}, as_of=TEN + 5 * HOUR)
    together = Barrier(3, timeout=60)
    errors: list[BaseException] = []

    def work() -> None:
        engine = connect(url)
        met: list[bool] = []

        def names(kind: str, entities: Iterable[str]) -> dict[str, str]:
            if not met:  # each has read what the ledger knows, and none has written
                together.wait()
                met.append(True)
            return names_of(kind, entities)

        try:
            taken(engine, lake, TEN + 5 * HOUR, names=names)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            engine.dispose()

    started = [Thread(target=work) for _ in range(3)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert errors == []
    assert [row["count"] for row in table(ledger, "alerts")] == [4, 4]
    assert sorted(str(kind) for _, kind, _ in history(ledger)) == ["duplicate"] * 6 + ["new"] * 2
    assert len(table(ledger, "outbox")) == 1
    verbs = [row["verb"] for row in table(ledger, "audit", "seq")]
    assert verbs == ["init", "open", "open", "intake"]
    with reading(ledger) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_no_name_of_an_entity_reaches_the_ledger(ledger: Engine, lake: Lake) -> None:
    config = Config((Route("all", "C0ABUSE", group_by=("entity",)),))
    stored(lake, TEN, {"CANARY-e@example.org": 3.0}, as_of=NOON, subkey="CANARY-s")
    assert taken(ledger, lake, NOON, config=config).findings == 1
    held = contents(ledger)
    entity, subkey = named("account_id", "CANARY-e@example.org"), named("subkey", "CANARY-s")
    assert [name for name in held if "CANARY" in str(held[name])] == []
    shown = {name for name in held if entity in str(held[name])}
    assert shown == {"alerts", "alert_findings", "threads", "told"}
    assert [name for name in held if subkey in str(held[name])] == ["alert_findings"]


def test_a_severity_of_a_digest_is_told_in_one(ledger: Engine, lake: Lake) -> None:
    minor = under(failed_logins, "failed_logins", severity=Severity.S3)
    stored(lake, TEN, {"ann": 3.0}, as_of=NOON, monitor=minor)
    taken(ledger, lake, NOON)
    (waiting,) = table(ledger, "outbox")
    assert (waiting["kind"], waiting["lane"]) == ("digest", 3)
