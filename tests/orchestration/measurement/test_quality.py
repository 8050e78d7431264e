from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.measurement.precision import least
from orchestration.measurement.quality import (
    LEAST,
    MonitorQuality,
    measured,
    qualities,
    quality,
)
from tests.support.ledgers import NOON, alert, opened, person

MONITOR, OTHER = "web/scraping", "api/stolen_key"
DAY = timedelta(days=1)
NOTHING = MonitorQuality(0, 0, None, None, "insufficient")
OF_20 = 0.8609  # 0.05 ** (1 / 20), of 20 all right


def label(
    label_id: str,
    unit: int,
    *,
    value: bool = True,
    source: Source = Source.RANDOM,
    minutes: int = 0,
    **changed: Any,  # noqa: ANN401 - any part of it
) -> Label:
    made = Label(
        label_id=label_id,
        unit_id=f"a{unit}",
        value=value,
        source=source,
        rater="ana",
        monitor=MONITOR,
        monitor_version=2,
        created_at=NOON + timedelta(minutes=minutes),
    )
    if source is Source.RANDOM:
        made = replace(made, inclusion_prob=0.05, stratum="uniform")
    return replace(made, **changed)


def units(first: int, last: int, **changed: Any) -> list[Label]:  # noqa: ANN401 - any part of it
    return [label(f"l{unit}", unit, **changed) for unit in range(first, last)]


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    with writing(ledger) as connection:
        opened(connection, *(alert(f"a{unit}", version=3) for unit in range(100)))
        yield connection


def judge(connection: Connection, *labels: Label) -> MonitorQuality:
    write_labels(connection, labels, person(10_000))
    return quality(connection, MONITOR, 2, NOON + DAY)


def test_what_has_no_labels_is_not_measured(connection: Connection) -> None:
    assert quality(connection, MONITOR, 2, NOON) == NOTHING


def test_drawn_units_are_counted_one_by_one(connection: Connection) -> None:
    found = judge(connection, *units(0, 45), *units(45, 50, value=False, minutes=7))
    assert (found.n, found.k, found.state) == (50, 45, "measured")
    assert found.lower == pytest.approx(0.8012, abs=0.00005)
    assert found.newest_label == NOON + timedelta(minutes=7)


def test_fewer_than_the_mildest_action_needs_are_insufficient(connection: Connection) -> None:
    assert least(0.80) == LEAST == 14
    thirteen = judge(connection, *units(0, 13))
    assert (thirteen.n, thirteen.state) == (13, "insufficient")
    fourteen = judge(connection, *units(13, 14))
    assert (fourteen.n, fourteen.state) == (14, "measured")


@pytest.mark.parametrize(
    ("age", "state"),
    [(30 * DAY, "measured"), (30 * DAY + timedelta(microseconds=1), "stale")],
)
def test_older_than_30_days_is_stale(connection: Connection, age: timedelta, state: str) -> None:
    write_labels(connection, units(0, 20), person(10_000))
    assert quality(connection, MONITOR, 2, NOON + age).state == state


def test_too_few_are_insufficient_however_old(connection: Connection) -> None:
    write_labels(connection, units(0, 13), person(10_000))
    assert quality(connection, MONITOR, 2, NOON + 90 * DAY).state == "insufficient"


@pytest.mark.parametrize(
    "source", [Source.CASE, Source.CANDIDATE, Source.APPEAL, Source.GOLDEN, Source.LLM]
)
def test_what_was_not_drawn_does_not_count(connection: Connection, source: Source) -> None:
    assert judge(connection, *units(0, 20, source=source)) == NOTHING


def test_other_strata_are_not_mixed_in(connection: Connection) -> None:
    near = [replace(one, stratum="high_score") for one in units(20, 60, value=False)]
    found = judge(connection, *units(0, 20), *near)
    assert (found.n, found.k) == (20, 20)
    assert found.lower == pytest.approx(OF_20, abs=0.00005)


def test_another_versions_labels_never_count(connection: Connection) -> None:
    assert judge(connection, *units(0, 20, monitor_version=1)) == NOTHING
    v3 = [replace(one, label_id=f"v3-{one.unit_id}", monitor_version=3) for one in units(0, 20)]
    assert judge(connection, *v3) == NOTHING
    assert quality(connection, MONITOR, 3, NOON + DAY).n == 20


def test_after_a_change_of_share_the_newest_share_counts(connection: Connection) -> None:
    wider = units(40, 60, inclusion_prob=0.1, minutes=5)
    found = judge(connection, *units(0, 40, value=False), *wider)
    assert (found.n, found.k) == (20, 20)
    settled = label(
        "j0", 0, source=Source.ADJUDICATION, minutes=9, inclusion_prob=0.05, stratum="uniform"
    )
    assert judge(connection, settled) == found


def test_two_raters_of_one_unit_are_one_unit(connection: Connection) -> None:
    second = label("r2", 0, value=False, minutes=3, rater="ben")
    found = judge(connection, *units(0, 20), second)
    assert (found.n, found.k) == (20, 19)


@pytest.mark.parametrize("source", [Source.CASE, Source.APPEAL, Source.ADJUDICATION])
def test_a_correction_changes_a_drawn_unit_and_does_not_take_it_out(
    connection: Connection, source: Source
) -> None:
    mended = label("c0", 0, value=False, source=source, minutes=3, supersedes="l0")
    found = judge(connection, *units(0, 20), mended)
    assert (found.n, found.k) == (20, 19)
    assert found.newest_label == NOON


@pytest.mark.parametrize("source", [Source.CANDIDATE, Source.LLM, Source.GOLDEN])
def test_what_is_no_judgement_changes_nothing(connection: Connection, source: Source) -> None:
    before = judge(connection, *units(0, 18), *units(18, 20, value=False))
    doubt = [
        label(f"d{unit}", unit, value=unit >= 18, source=source, minutes=3) for unit in range(20)
    ]
    assert judge(connection, *doubt) == before
    assert (before.n, before.k) == (20, 18)


def test_an_adjudication_holds_against_later_decisions(connection: Connection) -> None:
    settled = label("j0", 0, value=False, source=Source.ADJUDICATION, minutes=1)
    later = label("c0", 0, source=Source.CASE, minutes=2)
    found = judge(connection, *units(0, 20), settled, later)
    assert (found.n, found.k) == (20, 19)


def test_many_monitors_at_once_are_each_as_alone(connection: Connection) -> None:
    opened(connection, *(alert(f"b{unit}", monitor=OTHER) for unit in range(15)))
    theirs = [
        replace(label(f"o{unit}", unit, value=False), unit_id=f"b{unit}", monitor=OTHER)
        for unit in range(15)
    ]
    write_labels(connection, [*units(0, 20), *theirs], person(10_000))
    wanted = [(MONITOR, 2), (MONITOR, 3), (OTHER, 2), ("chat/mass_dm", 1)]
    found = qualities(connection, wanted, NOON + DAY)
    assert [(one.n, one.k, one.state) for one in found.values()] == [
        (20, 20, "measured"),
        (0, 0, "insufficient"),
        (15, 0, "measured"),
        (0, 0, "insufficient"),
    ]
    assert found == {pair: quality(connection, *pair, NOON + DAY) for pair in wanted}
    assert qualities(connection, [], NOON) == {}


def test_it_is_read_without_a_writing_transaction(ledger: Engine) -> None:
    with reading(ledger) as connection:
        assert quality(connection, MONITOR, 2, NOON) == NOTHING


def test_a_time_without_a_zone_is_refused(ledger: Engine) -> None:
    with reading(ledger) as connection, pytest.raises(LedgerError, match="without a zone"):
        quality(connection, MONITOR, 2, NOON.replace(tzinfo=None))


def test_the_order_of_labels_changes_nothing() -> None:
    wider = units(40, 60, inclusion_prob=0.1, minutes=5)
    case = label("c41", 41, value=False, source=Source.CASE, minutes=9)
    labels = [*units(0, 40, value=False), *wider, case]
    found = measured(labels, NOON + DAY)
    assert (found.n, found.k) == (20, 19)
    assert measured(reversed(labels), NOON + DAY) == found
    assert measured(labels[30:] + labels[:30], NOON + DAY) == found


def test_a_unit_keeps_the_share_of_its_first_draw() -> None:
    again = label("r0", 0, inclusion_prob=0.1, minutes=9)
    found = measured([*units(0, 20), again], NOON + DAY)
    assert (found.n, found.k) == (20, 20)
    wider = units(40, 60, inclusion_prob=0.1, minutes=5)
    back = label("r41", 41, value=False, inclusion_prob=0.05, minutes=9)
    found = measured([*units(0, 20), *wider, back], NOON + DAY)
    assert (found.n, found.k) == (20, 19)


def test_a_machines_judgement_counts_not_even_of_the_slice() -> None:
    of_machine = units(0, 20, source=Source.LLM, inclusion_prob=0.05, stratum="uniform")
    assert measured(of_machine, NOON + DAY) == NOTHING


def test_labels_of_scored_windows_change_nothing(connection: Connection) -> None:
    before = judge(connection, *units(0, 20), *units(20, 25, value=False))
    window = label(
        "w", 0, value=False, unit_id="scored:7f3a09c2e1d4", inclusion_prob=0.05, stratum="flagged"
    )
    newer = [
        replace(window, label_id=f"w{n}", unit_id=f"scored:{n:012x}", created_at=NOON + 3 * DAY)
        for n in range(30)
    ]
    write_labels(connection, newer, person(10_000))
    assert before.state == "measured"
    assert quality(connection, MONITOR, 2, NOON + DAY) == before


def test_what_raters_make_of_gold_changes_nothing(connection: Connection) -> None:
    before = judge(connection, *units(0, 20), *units(20, 25, value=False))
    wrong = [
        label(f"g{unit}", unit, value=False, source=Source.GOLDEN, minutes=500)
        for unit in (*range(20), *range(50, 60))
    ]
    write_labels(connection, wrong, person(10_000))
    assert (before.n, before.k) == (25, 20)
    assert quality(connection, MONITOR, 2, NOON + DAY) == before
