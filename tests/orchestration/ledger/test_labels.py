from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import digest_record
from orchestration.ledger.labels import (
    Label,
    Source,
    effective,
    labels_of,
    labels_on,
    latest,
    standing,
    write_labels,
)
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, alert, count, opened, person

CASE, RANDOM, CANDIDATE = Source.CASE, Source.RANDOM, Source.CANDIDATE
ADJUDICATION, APPEAL, LLM, GOLDEN = Source.ADJUDICATION, Source.APPEAL, Source.LLM, Source.GOLDEN


def label(label_id: str = "l1", unit_id: str = "a1", minutes: int = 0, **changed: Any) -> Label:  # noqa: ANN401 - any part of it
    made = Label(
        label_id=label_id,
        unit_id=unit_id,
        value=True,
        source=CASE,
        rater="ana",
        monitor="web/scraping",
        monitor_version=2,
        created_at=NOON + timedelta(minutes=minutes),
    )
    return replace(made, **changed)


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    with writing(ledger) as connection:
        opened(connection, alert("a1"), alert("a2"), alert("a3", monitor="api/stolen_key"))
        yield connection


def test_a_label_is_kept_as_it_was_given_with_an_audit_row(connection: Connection) -> None:
    given = label(
        source=RANDOM,
        value=False,
        inclusion_prob=0.05,
        stratum="uniform",
        policy_version="spam:3",
        code="expected",
    )
    assert write_labels(connection, [given], person(60)) == 1
    assert effective(connection, "web/scraping", 2) == [given]
    *_, last = entries(connection)
    assert (last.verb, last.object, last.actor) == ("label", "label:l1", "ana")
    assert (last.before, last.after) == (None, digest_record(asdict(given)))
    assert verify(connection, seals=[]).wrong == ""


def test_the_same_label_again_writes_nothing(connection: Connection) -> None:
    assert write_labels(connection, [label("l1"), label("l2", "a2")], person(60)) == 2
    rows = count(connection, "audit")
    assert write_labels(connection, [label("l1", minutes=30)], person(60)) == 0
    assert write_labels(connection, [], person(60)) == 0
    assert (count(connection, "labels"), count(connection, "audit")) == (2, rows)
    assert effective(connection, "web/scraping", 2) == [label("l1"), label("l2", "a2")]


def test_of_two_equal_labels_in_one_call_one_is_written(connection: Connection) -> None:
    assert write_labels(connection, [label(), label()], person(60)) == 1
    assert count(connection, "labels") == 1


def test_another_content_under_a_known_id_is_refused(connection: Connection) -> None:
    write_labels(connection, [label()], person(60))
    with pytest.raises(LedgerError, match="l1 is in the ledger and says something else"):
        write_labels(connection, [label("l2", "a2"), label(value=False)], person(60))
    assert labels_of(connection, [("web/scraping", 2)]) == [label()]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"unit_id": "a9"}, "a unit that is no alert of the ledger; wanted an alert_id"),
        ({"monitor_version": None}, "monitor version None; wanted the one that was judged, 1 to 2"),
        ({"monitor_version": 0}, "monitor version 0; wanted the one that was judged, 1 to 2"),
        ({"monitor_version": 3}, "monitor version 3; wanted the one that was judged, 1 to 2"),
        ({"monitor": "api/stolen_key"}, "of monitor api/stolen_key and its alert of web/scraping"),
        ({"source": "hearsay"}, "is of no known source; wanted one of candidate, case, random"),
        ({"source": RANDOM}, "source random has no inclusion_prob"),
        ({"source": RANDOM, "inclusion_prob": 0.1}, "one of inclusion_prob and stratum"),
        ({"stratum": "uniform"}, "one of inclusion_prob and stratum; wanted both or neither"),
        ({"rater": "Ana Lee"}, "rater is a text of 7 characters that is no id"),
        ({"code": "he wrote me"}, "code is a text of 11 characters that is no id"),
        ({"created_at": NOON + timedelta(hours=2)}, "after the act at .* Look at the clocks"),
        ({"created_at": NOON.replace(tzinfo=None)}, "without a zone"),
        ({"supersedes": "l9"}, "supersedes one that is not there"),
        ({"supersedes": "l1"}, "supersedes one that is not there"),
    ],
)
def test_what_cannot_be_a_label_is_refused_with_all_that_came_with_it(
    connection: Connection, changed: dict[str, Any], wanted: str
) -> None:
    rows = count(connection, "audit")
    with pytest.raises(LedgerError, match=wanted):
        write_labels(connection, [label("l0", "a2"), label(**changed)], person(60))
    assert (count(connection, "labels"), count(connection, "audit")) == (0, rows)


@pytest.mark.parametrize("probability", [0.0, -0.1, 1.5, float("nan")])
def test_a_probability_is_over_0_and_at_most_1(connection: Connection, probability: float) -> None:
    drawn = label(source=RANDOM, inclusion_prob=probability, stratum="uniform")
    with pytest.raises(LedgerError, match=r"wanted it in \(0, 1\]"):
        write_labels(connection, [drawn], person(60))


@pytest.mark.parametrize("source", [CANDIDATE, CASE, APPEAL, GOLDEN, LLM])
def test_only_who_judges_a_drawn_unit_records_its_draw(
    connection: Connection, source: Source
) -> None:
    drawn = label(source=source, inclusion_prob=0.05, stratum="uniform")
    with pytest.raises(LedgerError, match="has an inclusion_prob; wanted none"):
        write_labels(connection, [drawn], person(60))


def test_outside_a_writing_transaction_nothing_is_written(ledger: Engine) -> None:
    with reading(ledger) as connection, pytest.raises(LedgerError, match="outside a writing"):
        write_labels(connection, [label()], person(60))


def test_the_newest_label_of_a_unit_counts_and_all_are_kept(connection: Connection) -> None:
    old, new = label("l2", minutes=1), label("l1", minutes=2, rater="ben", value=False)
    write_labels(connection, [new, label("l3", "a2"), old], person(60))
    assert effective(connection, "web/scraping", 2) == [new, label("l3", "a2")]
    assert labels_of(connection, [("web/scraping", 2)]) == [label("l3", "a2"), old, new]


def test_an_adjudication_counts_before_later_labels(connection: Connection) -> None:
    first = label("l1", value=True)
    settled = label("l2", minutes=1, value=False, source=ADJUDICATION, supersedes="l1")
    later = label("l3", minutes=2, source=APPEAL)
    write_labels(connection, [first, settled, later], person(60))
    assert effective(connection, "web/scraping", 2) == [settled]
    again = label("l4", minutes=3, source=ADJUDICATION, supersedes="l2")
    write_labels(connection, [again], person(60))
    assert effective(connection, "web/scraping", 2) == [again]
    assert count(connection, "labels") == 4


@pytest.mark.parametrize("source", [CANDIDATE, GOLDEN, LLM])
def test_what_is_no_judgement_of_the_unit_never_displaces_one(
    connection: Connection, source: Source
) -> None:
    judged = label("l1")
    later = label("l2", minutes=1, value=False, source=source)
    write_labels(connection, [judged, later], person(60))
    assert effective(connection, "web/scraping", 2) == [judged]
    with pytest.raises(LedgerError, match="supersedes one of source case, which counts for more"):
        write_labels(connection, [replace(later, label_id="l3", supersedes="l1")], person(60))


def test_an_adjudication_is_superseded_by_an_adjudication_only(connection: Connection) -> None:
    write_labels(connection, [label("l1", source=ADJUDICATION)], person(60))
    with pytest.raises(LedgerError, match="Have it adjudicated"):
        write_labels(connection, [label("l2", minutes=1, supersedes="l1")], person(60))


def test_a_superseded_label_does_not_count_whatever_the_times_say(connection: Connection) -> None:
    old = label("l1", minutes=5)
    new = label("l2", minutes=1, value=False, supersedes="l1")
    write_labels(connection, [old, new], person(60))
    assert effective(connection, "web/scraping", 2) == [new]
    assert standing(labels_on(connection, ["a1"])) == [new]


@pytest.mark.parametrize("other", [{"unit_id": "a2"}, {"monitor_version": 1}])
def test_a_label_of_another_unit_or_version_is_not_superseded(
    connection: Connection, other: dict[str, Any]
) -> None:
    write_labels(connection, [label("l1")], person(60))
    with pytest.raises(LedgerError, match="is of another unit or version"):
        write_labels(connection, [label("l2", supersedes="l1", **other)], person(60))


def test_versions_and_monitors_are_told_apart(connection: Connection) -> None:
    of_v1 = label("l1", monitor_version=1)
    of_v2 = label("l2", minutes=1)
    of_other = label("l3", "a3", monitor="api/stolen_key")
    write_labels(connection, [of_v1, of_v2, of_other], person(60))
    assert effective(connection, "web/scraping", 1) == [of_v1]
    assert effective(connection, "web/scraping", 2) == [of_v2]
    assert effective(connection, "api/stolen_key", 2) == [of_other]
    assert effective(connection, "api/stolen_key", 1) == []
    assert labels_on(connection, ["a1", "a3"]) == [of_v1, of_other, of_v2]


def test_more_labels_than_one_query_takes(connection: Connection) -> None:
    opened(connection, *(alert(f"b{n:04}") for n in range(1200)))
    many = [label(f"m{n:04}", f"b{n:04}") for n in range(1200)]
    assert write_labels(connection, many, person(60)) == 1200
    assert write_labels(connection, many, person(60)) == 0
    assert effective(connection, "web/scraping", 2) == many


STEP = st.tuples(
    st.sampled_from(["a1", "a2"]), st.sampled_from([CASE, CANDIDATE, ADJUDICATION]), st.booleans()
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=10))
def test_labels_are_only_added_and_the_last_of_the_gravest_kind_counts(
    connection: Connection, steps: list[tuple[str, Source, bool]]
) -> None:
    save = connection.begin_nested()
    written: list[Label] = []
    for minute, (unit, source, value) in enumerate(steps):
        made = label(f"l{minute}", unit, minute, source=source, value=value)
        assert write_labels(connection, [*written, made], person(60)) == 1
        written.append(made)
        assert labels_of(connection, [("web/scraping", 2)]) == written
    expected = []
    for unit in ("a1", "a2"):
        mine = [one for one in written if one.unit_id == unit]
        for source in (ADJUDICATION, CASE, CANDIDATE):
            of_source = [one for one in mine if one.source is source]
            if of_source:
                expected.append(of_source[-1])
                break
    assert effective(connection, "web/scraping", 2) == expected
    assert latest(reversed(written)) == expected
    save.rollback()


def test_what_no_monitor_found_is_a_label_of_no_monitor(ledger: Engine) -> None:
    missed = Label(
        label_id="l-missed",
        unit_id="missed:case-1:account_id:account_7f3a09c2e1d4",
        value=True,
        source=Source.MISSED,
        rater="ana",
        monitor=None,
        monitor_version=None,
        created_at=NOON,
    )
    with writing(ledger) as connection:
        assert write_labels(connection, [missed], person()) == 1
        assert labels_on(connection, [missed.unit_id]) == [missed]
        for wrong in (
            replace(missed, label_id="l2", value=False),
            replace(missed, label_id="l3", monitor="web/scraping", monitor_version=2),
            replace(missed, label_id="l4", source=Source.CASE),
            replace(missed, label_id="l5", unit_id="a1"),
        ):
            with pytest.raises(LedgerError, match="is of what no monitor found; wanted"):
                write_labels(connection, [wrong], person())


SCORED = label(
    unit_id="scored:7f3a09c2e1d4",
    source=RANDOM,
    monitor="api/stolen_key",
    monitor_version=5,
    inclusion_prob=0.002,
    stratum="bulk",
)


def test_a_scored_window_has_labels_without_an_alert(connection: Connection) -> None:
    settled = replace(SCORED, label_id="l2", source=ADJUDICATION, value=False, supersedes="l1")
    undrawn = replace(SCORED, inclusion_prob=None, stratum=None)
    others = [
        replace(SCORED, label_id="l3", source=Source.FLAG_REVIEW, stratum="flagged"),
        replace(undrawn, label_id="l4", source=GOLDEN),
        replace(undrawn, label_id="l5", source=LLM),
    ]
    every = [SCORED, settled, *others]
    assert write_labels(connection, every, person(60)) == 5
    assert write_labels(connection, every, person(60)) == 0
    assert labels_on(connection, [SCORED.unit_id]) == every
    assert effective(connection, "api/stolen_key", 5) == [settled]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"source": CASE}, "is of a scored window; wanted one of adjudication, flag_review"),
        ({"source": APPEAL}, "is of a scored window; wanted one of adjudication, flag_review"),
        ({"source": CANDIDATE}, "is of a scored window; wanted one of adjudication, flag_review"),
        ({"source": Source.MISSED}, "is of what no monitor found"),
        ({"source": RANDOM}, "source random has no inclusion_prob"),
        ({"source": Source.FLAG_REVIEW}, "of a scored window and has no inclusion_prob"),
        ({"source": GOLDEN, "monitor": None}, "of monitor None, version 5; wanted those that"),
        ({"source": GOLDEN, "monitor_version": None}, "version None; wanted those that scored it"),
        ({"source": GOLDEN, "monitor_version": 0}, "version 0; wanted those that scored it"),
        (
            {"source": RANDOM, "inclusion_prob": 0.2, "stratum": "uniform"},
            "in the stratum uniform; wanted one of bulk, flagged, near, null",
        ),
    ],
)
def test_what_cannot_be_a_label_of_a_scored_window_is_refused(
    connection: Connection, changed: dict[str, Any], wanted: str
) -> None:
    undrawn = replace(SCORED, inclusion_prob=None, stratum=None)
    with pytest.raises(LedgerError, match=wanted):
        write_labels(connection, [replace(undrawn, **changed)], person(60))
    assert count(connection, "labels") == 0
