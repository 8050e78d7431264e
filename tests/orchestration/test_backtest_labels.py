from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.backtest import BacktestError
from orchestration.backtest_labels import LABELS, in_span, quality, read_labels, share
from tests.support.lakes import at, span

TIME = pl.Datetime("us", "UTC")
NINE, TEN, ELEVEN = (at(f"2026-03-02T{hour}:00") for hour in ("09", "10", "11"))


def labels(*rows: tuple[str, bool]) -> pl.DataFrame:
    return windows(*((entity, label, None, None) for entity, label in rows))


def windows(*rows: tuple[str, bool, datetime | None, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=LABELS, orient="row")


def scores(*rows: tuple[str, datetime, float]) -> pl.DataFrame:
    records = [(entity, end.replace(hour=end.hour - 1), end, score) for entity, end, score in rows]
    names = ["entity", "window_start", "window_end", "score"]
    types = [pl.String, TIME, TIME, pl.Float64]
    return pl.DataFrame(records, schema=dict(zip(names, types, strict=True)), orient="row")


@pytest.mark.parametrize(
    ("k", "n", "wanted"),
    [
        (0, 10, (0.0, 0.0, 0.3085)),
        (5, 10, (0.5, 0.1871, 0.8129)),
        (10, 10, (1.0, 0.6915, 1.0)),
        (1, 1, (1.0, 0.025, 1.0)),
        (81, 263, (0.3080, 0.2527, 0.3676)),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(
    k: int, n: int, wanted: tuple[float, float, float]
) -> None:
    assert share(k, n) == pytest.approx(wanted, abs=5e-5)


def test_a_share_of_nothing_is_unknown() -> None:
    assert share(0, 0) is None


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(counts: tuple[int, int]) -> None:
    found = share(*counts)
    assert found is not None
    value, low, high = found
    assert 0 <= low <= value <= high <= 1


def test_precision_and_recall_count_labelled_units() -> None:
    found = quality(
        labels(("a", True), ("b", True), ("c", False), ("d", False), ("never seen", True)),
        scores(("a", TEN, 5.0), ("b", TEN, 2.0), ("c", TEN, 4.0), ("d", TEN, 1.0), ("e", TEN, 9.0)),
        [3.0],
    ).row(0, named=True)
    counts = {name: found[name] for name in ("flagged", "true", "positives", "unlabelled")}
    assert counts == {"flagged": 2, "true": 1, "positives": 3, "unlabelled": 1}
    assert (found["precision"], found["recall"]) == (0.5, pytest.approx(1 / 3))
    assert found["precision_low"] == pytest.approx(0.0126, abs=5e-5)
    assert found["precision_high"] == pytest.approx(0.9874, abs=5e-5)
    assert found["recall_low"] == pytest.approx(0.0084, abs=5e-5)
    assert found["recall_high"] == pytest.approx(0.9057, abs=5e-5)


def test_a_score_at_the_threshold_is_flagged() -> None:
    found = quality(labels(("a", True)), scores(("a", TEN, 3.0)), [3.0, 3.1])
    assert found["recall"].to_list() == [1.0, 0.0]


def test_an_entity_counts_once_however_often_it_was_found() -> None:
    found = quality(labels(("a", True)), scores(("a", TEN, 3.0), ("a", ELEVEN, 9.0)), [3.0])
    assert found.select("flagged", "true").row(0) == (1, 1)


def test_without_labels_that_were_flagged_the_precision_is_unknown() -> None:
    found = quality(labels(("a", True)), scores(("b", TEN, 9.0)), [3.0])
    columns = ("precision", "precision_low", "recall", "unlabelled")
    assert found.select(columns).row(0) == (None, None, 0.0, 1)


def test_a_labelled_window_is_flagged_by_windows_that_overlap_it() -> None:
    units = windows(("a", True, NINE, TEN), ("a", False, TEN, ELEVEN))
    assert quality(units, scores(("a", TEN, 9.0)), [3.0]).select("flagged", "true").row(0) == (1, 1)
    later = quality(units, scores(("a", ELEVEN, 9.0)), [3.0])
    assert later.select("flagged", "true").row(0) == (1, 0)


def test_labels_outside_the_span_are_left_out() -> None:
    units = windows(("a", True, NINE, TEN), ("b", True, TEN, ELEVEN), ("c", True, None, None))
    found = in_span(units, span("2026-03-02T10:00", "2026-03-03"))
    assert found["entity"].to_list() == ["b", "c"]


@pytest.mark.parametrize("text", ["entity,label\n1,true\n2,false\n", "entity,label\n1,1\n2,0\n"])
def test_reads_labels_from_csv(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    assert read_labels(path).rows() == [("1", True, None, None), ("2", False, None, None)]


@pytest.mark.parametrize("start", ["2026-03-02T09:00:00Z", "2026-03-02T10:00+01:00"])
def test_reads_windows_from_csv_in_utc(tmp_path: Path, start: str) -> None:
    path = tmp_path / "labels.csv"
    head = "entity,label,window_start,window_end\n"
    path.write_text(f"{head}a,true,{start},2026-03-02 10:00\n", encoding="utf-8")
    assert read_labels(path).rows() == [("a", True, NINE, TEN)]


def test_reads_labels_from_parquet_and_leaves_out_those_without_value(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    rows = {"entity": ["a", "b", None, "a"], "label": [True, None, False, True], "by": 4 * ["x"]}
    pl.DataFrame(rows).write_parquet(path)
    assert read_labels(path).rows() == [("a", True, None, None)]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("entity\na\n", "wanted entity and label"),
        ("entity,label,window_start\na,1,2026-03-02\n", "both or neither"),
        ("entity,label\na,yes\n", "wanted true and false"),
        ("entity,label\na,2\n", "wanted true and false"),
        ("entity,label\na,1\na,0\n", "labels 1 units both true and false"),
        ("entity,label,window_start,window_end\na,1,soon,later\n", "cannot be read"),
        ("entity,label,window_start,window_end\na,1,9,10\n", "wanted a time"),
    ],
)
def test_refuses_labels_that_are_none(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BacktestError, match=wrong):
        read_labels(path)


def test_refuses_a_file_that_is_neither_parquet_nor_csv(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(BacktestError, match="cannot be read as Parquet or CSV"):
        read_labels(path)
