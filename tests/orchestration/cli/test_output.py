import io
import json
from datetime import UTC, date, datetime, timedelta

import click
import polars as pl
import pytest
from click.testing import CliRunner

from orchestration.cli.output import emit, emit_record, emit_sections, shown

ROWS = pl.DataFrame(
    {
        "name": ["a", None],
        "n": [1, 20],
        "score": [0.1234567, float("nan")],
        "at": [datetime(2026, 3, 2, 9, tzinfo=UTC), None],
        "parts": [[1, 2], []],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)


def test_a_piped_table_is_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    emit(ROWS, "table", title="Rows")
    assert capsys.readouterr().out.splitlines() == [
        "Rows",
        "name   n     score  at                    parts",
        "a      1  0.123457  2026-03-02T09:00:00Z  [1, 2]",
        "-     20       nan  -                     []",
    ]


def test_a_table_without_rows_has_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    emit(ROWS.clear())
    assert capsys.readouterr().out == "name  n  score  at  parts\n"


def test_json_is_an_array_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    emit(ROWS, "json")
    assert json.loads(capsys.readouterr().out) == [
        {"name": "a", "n": 1, "score": 0.1234567, "at": "2026-03-02T09:00:00Z", "parts": [1, 2]},
        {"name": None, "n": 20, "score": None, "at": None, "parts": []},
    ]


def test_json_has_a_form_for_every_type(capsys: pytest.CaptureFixture[str]) -> None:
    odd = {
        "day": [date(2026, 3, 2)],
        "long": [timedelta(minutes=1)],
        "bytes": [b"\x00\xff"],
        "deep": [{"at": datetime(2026, 3, 2, tzinfo=UTC), "n": [1.5]}],
        "truth": [True],
    }
    emit(pl.DataFrame(odd), "json")
    assert json.loads(capsys.readouterr().out) == [
        {
            "day": "2026-03-02",
            "long": 60.0,
            "bytes": "00ff",
            "deep": {"at": "2026-03-02T00:00:00Z", "n": [1.5]},
            "truth": True,
        }
    ]


def test_json_without_rows_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    emit(ROWS.clear(), "json")
    assert json.loads(capsys.readouterr().out) == []


def test_csv_has_iso_times_and_nested_values_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit(ROWS, "csv")
    assert capsys.readouterr().out.splitlines() == [
        "name,n,score,at,parts",
        'a,1,0.1234567,2026-03-02T09:00:00Z,"[1, 2]"',
        ",20,NaN,,[]",
    ]


def test_parquet_comes_back_whole() -> None:
    command = click.Command("rows", callback=lambda: emit(ROWS, "parquet"))
    found = CliRunner().invoke(command)
    assert pl.read_parquet(io.BytesIO(found.stdout_bytes)).equals(ROWS)


def test_a_terminal_gets_a_drawn_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    emit(ROWS, title="Rows")
    drawn = capsys.readouterr().out
    assert "┃" in drawn
    assert "0.123457" in drawn


def test_texts_of_a_log_can_neither_colour_nor_steer_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    emit(pl.DataFrame({"path": ["/[red]x[/red]\x1b[2J\x07\n"]}))
    drawn = capsys.readouterr().out
    assert "/[red]x[/red]\\x1b[2J\\x07\\n" in drawn
    assert "\x1b[2J" not in drawn


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        (0.1 + 0.2, "0.3"),
        (12_345_678, "12345678"),
        (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "2026-03-02T09:30:00Z"),
        ("Straße", "Straße"),
        ("a\u202eb", "a\\u202eb"),
    ],
)
def test_values_in_a_table(value: object, wanted: str) -> None:
    assert shown(value) == wanted


def test_a_record_has_a_line_per_field(capsys: pytest.CaptureFixture[str]) -> None:
    emit_record({"id": "web/x", "threshold": 3.0, "doc": None})
    assert capsys.readouterr().out == "id         web/x\nthreshold  3\ndoc        -\n"


def test_a_record_is_one_row_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    emit_record({"id": "web/x", "threshold": 3.0, "doc": None}, "json")
    assert json.loads(capsys.readouterr().out) == [{"id": "web/x", "threshold": 3.0, "doc": None}]


TWO = {"days": pl.DataFrame({"n": [1]}), "sweep": pl.DataFrame({"t": [2.5]})}


def test_sections_of_a_table_stand_under_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    emit_sections(TWO)
    assert capsys.readouterr().out == "days\nn\n1\n\nsweep\n  t\n2.5\n"


def test_sections_of_json_are_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    emit_sections(TWO, "json")
    assert json.loads(capsys.readouterr().out) == {"days": [{"n": 1}], "sweep": [{"t": 2.5}]}


def test_csv_holds_the_last_section(capsys: pytest.CaptureFixture[str]) -> None:
    emit_sections(TWO, "csv")
    assert capsys.readouterr().out == "t\n2.5\n"
