"""What Label Studio's JSON may hold, and what is wrong with it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.cases.judging import Verdict
from orchestration.review.errors import ReviewError
from orchestration.review.label_studio import FORMAT, Judged, Place, Read, read

NOON = "2026-03-09T21:52:49.513742Z"


def choice(*chosen: str, kind: str = "choices") -> dict[str, Any]:
    """One region of an annotation's result, as labelstud.io/guide/task_format.html has it."""
    return {
        "from_name": "verdict",
        "id": "Dx_aB91ISN",
        "to_name": "evidence",
        "type": kind,
        "value": {"choices": list(chosen)},
    }


def annotation(*chosen: str, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of it
    return {
        "id": 1001,
        "completed_by": 10,
        "result": [choice(*chosen)],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": NOON,
        "updated_at": NOON,
        "lead_time": 4.288,
        "task": 1,
        **changed,
    }


def entry(*annotations: Any, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """One task of an export."""
    return {
        "id": 1,
        "project": 83,
        "data": {"format": FORMAT, "task_id": "task-a", **changed},
        "annotations": list(annotations),
        "predictions": [],
    }


def text(*entries: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(list(entries))


def faults(*entries: Any) -> list[tuple[int, int | None, str]]:  # noqa: ANN401 - any JSON
    found = read(text(*entries)).faulty
    return [(one.place.entry, one.place.annotation, one.fault) for one in found]


def test_an_annotation_is_read_with_who_when_and_how_long() -> None:
    assert read(text(entry(annotation("benign")))) == Read(
        judged=(
            Judged(
                Place(1, 1, "task-a"),
                "task-a",
                ("10",),
                Verdict.BENIGN,
                datetime(2026, 3, 9, 21, 52, 49, 513742, tzinfo=UTC),
                4.288,
            ),
        ),
        faulty=(),
        unanswered=0,
        skipped=0,
    )


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (7, ("7",)),
        ("ana@example.org", ("ana@example.org",)),
        ({"id": 7, "email": "ana@example.org", "first_name": "A"}, ("7", "ana@example.org")),
        ({"email": "ana@example.org"}, ("ana@example.org",)),
    ],
)
def test_a_rater_is_known_by_number_or_address(by: object, names: tuple[str, ...]) -> None:
    (one,) = read(text(entry(annotation("violating", completed_by=by)))).judged
    assert one.rater == names


@pytest.mark.parametrize("by", [None, True, "", [], {}, {"id": None}, 1.5])
def test_an_annotation_of_nobody_is_faulty(by: object) -> None:
    assert faults(entry(annotation("violating", completed_by=by))) == [(1, 1, "rater")]


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        "violating",
        [choice()],
        [choice("violating", "benign")],
        [choice("violating"), choice("benign")],
        [choice("Violating")],
        [choice("violating", kind="labels")],
        [{"type": "choices", "value": "violating"}],
        [{"type": "choices"}],
        [None],
    ],
)
def test_an_annotation_without_one_of_the_four_verdicts_is_faulty(result: object) -> None:
    assert faults(entry(annotation(result=result))) == [(1, 1, "choice")]


@pytest.mark.parametrize(
    "changed",
    [
        {"created_at": "yesterday"},
        {"created_at": "2026-03-09T21:52:49"},
        {"created_at": 7},
        {"lead_time": -1},
        {"lead_time": "4"},
        {"lead_time": float("nan")},
        {"lead_time": True},
    ],
)
def test_an_annotation_of_no_time_that_can_be_is_faulty(changed: dict[str, object]) -> None:
    assert faults(entry(annotation("benign", **changed))) == [(1, 1, "time")]


def test_an_annotation_that_does_not_say_when_is_read() -> None:
    bare = {"completed_by": 3, "result": [choice("no_policy")]}
    (one,) = read(text(entry(bare))).judged
    assert (one.at, one.seconds, one.verdict) == (None, None, Verdict.NO_POLICY)


def test_what_is_wrong_with_one_entry_keeps_none_of_the_others() -> None:
    whole = entry(annotation("benign"))
    found = read(
        text(
            whole,
            7,
            {"id": 2},
            {"id": 3, "data": {"text": "somebody else's"}, "annotations": []},
            entry(annotation("benign"), task_id=9),
            {**whole, "annotations": None},
            entry(annotation("benign"), "no object", annotation("what")),
            entry(),
            entry(annotation("benign", was_cancelled=True)),
        )
    )
    assert [one.place for one in found.judged] == [Place(1, 1, "task-a"), Place(7, 1, "task-a")]
    assert [(one.place.entry, one.place.annotation, one.fault) for one in found.faulty] == [
        (2, None, "not_ours"),
        (3, None, "not_ours"),
        (4, None, "not_ours"),
        (5, None, "not_ours"),
        (6, None, "annotations"),
        (7, 2, "annotations"),
        (7, 3, "choice"),
    ]
    assert (found.unanswered, found.skipped) == (1, 1)


@pytest.mark.parametrize("left", [0, 1, 20, -1])
def test_a_file_that_breaks_off_is_refused_whole(left: int) -> None:
    whole = text(entry(annotation("benign")))
    with pytest.raises(ReviewError, match=r"no whole JSON.*Nothing was imported"):
        read(whole[:left])


@pytest.mark.parametrize("whole", ["{}", "null", '"a"', "7"])
def test_a_file_that_is_no_list_is_refused_whole(whole: str) -> None:
    with pytest.raises(ReviewError, match=r"no list of tasks.*Nothing was imported"):
        read(whole)


def test_a_file_of_another_version_is_refused_whole() -> None:
    other = entry(annotation("benign"), format="watchfloor-review/2")
    with pytest.raises(ReviewError, match=r"version watchfloor-review/2; wanted .*/1"):
        read(text(entry(annotation("benign")), other))


def test_a_flat_export_and_that_of_another_project_are_refused_whole() -> None:
    flat = {"format": FORMAT, "task_id": "task-a", "verdict": "benign", "annotator": 10}
    for other in (flat, {"id": 1, "data": {"image": "x"}, "annotations": []}):
        with pytest.raises(ReviewError, match="exported as JSON and not as JSON-MIN or CSV"):
            read(text(other))


def test_an_empty_export_holds_nothing() -> None:
    assert read("[]") == Read((), (), 0, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "annotations", "result", "value", "choices", "completed_by", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(annotations=JSON, result=JSON)
def test_whatever_else_an_entry_holds_each_of_its_parts_is_counted(
    annotations: object, result: object
) -> None:
    whole = entry(annotation("benign"))
    found = read(
        text(whole, {**whole, "annotations": annotations}, entry(annotation(result=result)))
    )
    parts = len(annotations) if isinstance(annotations, list) else 1
    counted = len(found.judged) + len(found.faulty) + found.skipped + found.unanswered
    assert counted == 1 + max(parts, 1) + 1
