"""`watchfloor classifier`, on some of the real sets."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

from orchestration.classifiers.harms import LABELS
from orchestration.classifiers.training import SAMPLES

Watchfloor = Callable[..., Result]
SECRET = "the blue heron sings at four"  # noqa: S105 - a text that must not come out


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(SAMPLES / "toxicity_en.csv.gz", folder)
    shutil.copy(SAMPLES / "prompt_injections.parquet", folder)
    lines = gzip.decompress((SAMPLES / "sms_spam.tsv.gz").read_bytes()).splitlines()[:1200]
    (folder / "sms_spam.tsv.gz").write_bytes(gzip.compress(b"\n".join(lines)))
    return folder


def test_a_model_is_trained_and_scores_a_file_row_for_row(
    watchfloor: Watchfloor, data: Path, tmp_path: Path
) -> None:
    trained = watchfloor("classifier", "train", "text_harms", "--data", str(data))
    assert trained.exit_code == 0, trained.output
    assert "texts of 3 sources, 0 rows set aside" in trained.stderr
    texts = tmp_path / "t.jsonl"
    texts.write_text(json.dumps({"id": 7, "text": SECRET}) + '\n{"id": 6, "text": null}\n')

    shown = watchfloor("classifier", "score", "text_harms", str(texts), "--format", "json")
    kept = watchfloor(
        "classifier", "score", "text_harms", str(texts), "-o", str(tmp_path / "o.csv")
    )

    rows = json.loads(shown.stdout)
    assert [list(row) for row in rows] == [["id", *LABELS]] * 2
    assert [(row["id"], row["any"] is None) for row in rows] == [(7, False), (6, True)]
    assert "2 rows by model" in kept.stderr
    assert "1 without text" in kept.stderr
    assert pl.read_csv(tmp_path / "o.csv")["id"].to_list() == [7, 6]
    assert SECRET not in shown.output + kept.output


def test_the_golden_set_and_a_labelled_file_measure_a_model(
    watchfloor: Watchfloor, data: Path, tmp_path: Path
) -> None:
    watchfloor("classifier", "train", "text_harms", "--data", str(data))
    own = tmp_path / "own.csv"
    rows = pl.read_csv(SAMPLES / "toxicity_en.csv.gz").head(200)
    rows.select("text", hate_harassment=pl.col("is_toxic") == "Toxic").write_csv(own)

    bare = tmp_path / "bare.csv"
    bare.write_text("text\nhello\n", encoding="utf-8")

    golden = watchfloor("classifier", "evaluate", "text_harms", "--format", "json")
    none = watchfloor("classifier", "evaluate", "text_harms", str(bare))
    given = watchfloor("classifier", "evaluate", "text_harms", str(own), "--format", "json")

    assert "of 250 safe prompts are flagged, and" in golden.stderr
    whole = {row["head"]: row for row in json.loads(golden.stdout) if row["slice"] == "all"}
    assert set(whole) == set(LABELS)
    assert whole["spam"]["roc_auc"] > 0.8
    assert (none.exit_code, "The file has no column of labels" in none.stderr) == (2, True)
    (mine,) = [r for r in json.loads(given.stdout) if (r["head"], r["slice"]) == ("any", "all")]
    assert mine["n"] == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "images"), "There is no classifier 'images'; wanted one of text_harms."),
        (("evaluate", "text_harms", "text.csv", "--model", "zz"), "0 models of 'text_harms' have"),
        (("score", "text_harms", "wordless.csv"), "has no column 'text', but words"),
        (("score", "text_harms", "text.csv", "--model", "zz"), "0 models of 'text_harms' have"),
    ],
)
def test_what_cannot_be_is_said_with_what_is_wanted(
    watchfloor: Watchfloor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.csv").write_text("text\nhello\n", encoding="utf-8")
    (tmp_path / "wordless.csv").write_text("words\nhello\n", encoding="utf-8")
    done = watchfloor("classifier", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_promoting_and_rolling_back_are_done_by_somebody_and_seen_in_the_list(
    watchfloor: Watchfloor, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watchfloor("ledger", "init").exit_code == 0
    watchfloor("classifier", "train", "text_harms", "--data", str(data))
    first = json.loads(watchfloor("classifier", "list", "--format", "json").stdout)[0]["model"]
    promote = ("classifier", "promote", "text_harms", first[:8], "--reason", "the first")
    assert "You are not logged in" in watchfloor(*promote).stderr
    admin = watchfloor("login", "tapir-8", "--issue").stdout.strip()
    monkeypatch.setenv("WATCHFLOOR_TOKEN", admin)
    token = watchfloor("login", "lynx-3", "--issue")
    monkeypatch.setenv("WATCHFLOOR_TOKEN", token.stdout.strip())

    done = watchfloor(*promote, "--format", "json")

    assert json.loads(done.stdout)[0] == {
        "classifier": "text_harms",
        "model": first,
        "changed": True,
    }
    (listed,) = json.loads(watchfloor("classifier", "list", "--format", "json").stdout)
    assert listed["in_force"] is True
    back = watchfloor("classifier", "rollback", "text_harms", "--reason", "none before")
    assert (back.exit_code, "has had 1 models in force" in back.stderr) == (2, True)
