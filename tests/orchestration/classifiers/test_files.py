import gzip
from pathlib import Path

import polars as pl
import pytest

from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.files import score_file, write_rows
from orchestration.classifiers.harms import LABELS
from tests.support.texts import said, trained

ROWS = pl.DataFrame(
    {
        "id": ["b", "a", "a", "c"],
        "text": [said("rude", 1), None, "  ", said("rude", 1)],
        "note": ["x", "y", "z", "w"],
    }
)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.jsonl", "t.csv.gz", "t.jsonl.gz"])
def test_there_is_a_row_for_each_of_the_file_in_its_order_with_its_id(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if "parquet" in name:
        ROWS.write_parquet(path)
    else:
        write = ROWS.write_csv if "csv" in name else ROWS.write_ndjson
        write(tmp_path / "plain")
        content = (tmp_path / "plain").read_bytes()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)

    found = score_file(trained().model, path)

    assert found.rows.columns == ["id", *LABELS]
    assert found.rows["id"].to_list() == ["b", "a", "a", "c"]
    assert found.rows["any"].is_null().to_list() == [False, True, True, False]
    assert found.rows["any"][0] == found.rows["any"][3]
    assert found.empty == 2


def test_no_text_comes_out(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "t.csv")
    found = score_file(trained().model, tmp_path / "t.csv")
    write_rows(found.rows, tmp_path / "out.csv")
    assert said("rude", 1) not in (tmp_path / "out.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.jsonl", "out.jsonl.gz"])
def test_what_is_written_is_whole(tmp_path: Path, name: str) -> None:
    ROWS.write_csv(tmp_path / "t.csv")
    write_rows(score_file(trained().model, tmp_path / "t.csv").rows, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir() if path.name != "t.csv"] == [name]
    content = (tmp_path / name).read_bytes()
    lines = gzip.decompress(content) if name.endswith(".gz") else content
    assert len(lines.splitlines()) >= 4 or name.endswith(".parquet")


@pytest.mark.parametrize(
    ("name", "content", "said_so"),
    [
        ("t.csv", b"id,words\n1,hello\n", "has no column 'text', but id, words"),
        ("t.csv", b"", "has no column 'text', but none"),
        ("t.xlsx", b"PK", "has an unknown ending; wanted one of .parquet, .csv"),
        ("t.parquet", b"PAR1 torn", "cannot be read: ComputeError"),
        ("t.jsonl", b'{"text": "a"}\n{"te', "cannot be read: ComputeError"),
        ("t.jsonl", b'{"text": ["a"]}', r"is of List\(String\), which are no texts"),
        ("t.csv.gz", b"\x1f\x8b\x08 torn", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_with_what_is_wanted(
    tmp_path: Path, name: str, content: bytes, said_so: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ClassifierError, match=said_so):
        score_file(trained().model, tmp_path / name)


def test_a_file_of_no_rows_gives_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text\n", encoding="utf-8")
    found = score_file(trained().model, tmp_path / "t.csv")
    assert (found.rows.height, found.empty) == (0, 0)
