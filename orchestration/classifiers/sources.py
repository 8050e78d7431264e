"""The data sets that classifiers learn from: where each lies, and how its rows are judged."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from monitors.harms import Harm
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.harms import ANY

SMS_LINE = r"^(ham|spam)\t(.*)$"
HARMLESS = ("Financial Advice", "Legal Opinion", "Health Consultation", "Gov Decision")
DOUBTFUL = "Political Lobbying"  # against a company's terms; no harm of the taxonomy
FALSE = pl.lit(value=False)
Judge = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Source:
    """One data set: files by platform of the same shape, and what makes rows of it.

    `judge` gives `text`, `split` (as the authors split it; null where they did not), and a Boolean
    a head, null where a row was not judged for it. `paths` are tried in turn, `|` beside each
    other where a set has several files.
    """

    name: str
    paths: tuple[str, ...]
    judge: Judge


def _convabuse(rows: pl.DataFrame) -> pl.DataFrame:
    """Abusive where more annotators say so than not; a tie was not judged."""
    severe = [c for c in rows.columns if c.endswith(("is_abuse.-1", "is_abuse.-2", "is_abuse.-3"))]
    people = sorted({c.split("_")[0] for c in severe})
    votes = [
        pl.any_horizontal(pl.col(c).str.contains("1") for c in severe if c.startswith(f"{who}_"))
        for who in people
    ]
    asked = [
        pl.any_horizontal(pl.col(c).is_not_null() for c in severe if c.startswith(f"{who}_"))
        for who in people
    ]
    yes = pl.sum_horizontal(vote.fill_null(value=False).cast(pl.Int32) for vote in votes)
    half = pl.sum_horizontal(one.cast(pl.Int32) for one in asked) / 2
    abuse = pl.when(yes > half).then(statement=True).when(yes < half).then(FALSE)
    return rows.select(
        "split",
        text="user",
        **{Harm.HATE_HARASSMENT: abuse, Harm.JAILBREAK: FALSE, Harm.SPAM: FALSE, ANY: abuse},
    )


def _edos(rows: pl.DataFrame) -> pl.DataFrame:
    """Sexist or not. What is not sexist may be another harm: only sexism says so of `any`."""
    sexist = _of(pl.col("label_sexist"), "sexist", "not sexist")
    return rows.select(
        "split",
        "text",
        **{Harm.HATE_HARASSMENT: sexist, Harm.JAILBREAK: FALSE, Harm.SPAM: FALSE, ANY: sexist},
    )


def _toxicity(rows: pl.DataFrame) -> pl.DataFrame:
    toxic = _of(pl.col("is_toxic"), "Toxic", "Not Toxic")
    return rows.select(
        "split", "text", **{Harm.HATE_HARASSMENT: toxic, Harm.JAILBREAK: FALSE, ANY: toxic}
    )


def _sms(rows: pl.DataFrame) -> pl.DataFrame:
    label, text = (pl.col("line").str.extract(SMS_LINE, group) for group in (1, 2))
    spam = _of(label, "spam", "ham")
    return rows.select("split", text=text, **{Harm.SPAM: spam, Harm.JAILBREAK: FALSE, ANY: spam})


def _injections(rows: pl.DataFrame) -> pl.DataFrame:
    injected = _of(pl.col("label").cast(pl.String), "1", "0")
    return rows.select(
        "split", "text", **{Harm.JAILBREAK: injected, Harm.SPAM: FALSE, ANY: injected}
    )


def _jailbreaks(rows: pl.DataFrame) -> pl.DataFrame:
    found = _of(pl.col("jailbreak"), "True", "False")
    return rows.select("split", text="prompt", **{Harm.JAILBREAK: found, ANY: found})


def _questions(rows: pl.DataFrame) -> pl.DataFrame:
    """Plain questions: no jailbreaks, and harmful but for those of advice."""
    policy = pl.col("content_policy_name")
    harmful = (
        pl.when(policy.is_in(HARMLESS))
        .then(FALSE)
        .when(policy.is_not_null() & (policy != DOUBTFUL))
        .then(statement=True)
    )
    return rows.select("split", text="question", **{Harm.JAILBREAK: FALSE, ANY: harmful})


def _xstest(rows: pl.DataFrame) -> pl.DataFrame:
    unsafe = _of(pl.col("label"), "unsafe", "safe")
    return rows.select("split", text="prompt", **{Harm.JAILBREAK: FALSE, ANY: unsafe})


def _of(column: pl.Expr, yes: str, no: str) -> pl.Expr:
    return pl.when(column == yes).then(statement=True).when(column == no).then(FALSE)


SOURCES = (
    Source(
        "convabuse",
        (
            "convabuse_train.csv.gz|convabuse_valid.csv.gz",
            "convabuse/train.csv|convabuse/valid.csv",
        ),
        _convabuse,
    ),
    Source("edos", ("edos.csv.gz", "edos/train_dev.csv"), _edos),
    Source("toxicity", ("toxicity_en.csv.gz", "toxicity_en/toxicity_en.csv"), _toxicity),
    Source("sms", ("sms_spam.tsv.gz", "sms_spam/sms.tsv"), _sms),
    Source(
        "injections", ("prompt_injections.parquet", "prompt_injections/train.parquet"), _injections
    ),
    Source(
        "jailbreaks",
        ("jailbreak_prompts.csv.gz", "jailbreak_prompts/jailbreak_prompts_2023_05_07.csv"),
        _jailbreaks,
    ),
    Source(
        "questions",
        ("forbidden_questions.csv.gz", "jailbreak_prompts/forbidden_questions.csv"),
        _questions,
    ),
)
XSTEST = Source("xstest", ("xstest.csv.gz", "xstest/xstest_prompts.csv"), _xstest)


def read(source: Source, folder: Path) -> pl.DataFrame | None:
    """Rows of one source as `judge` makes them, file after file; None where the folder has none.

    Raises ClassifierError for a file that cannot be read, by its name.
    """
    for paths in source.paths:
        files = [folder / path for path in paths.split("|")]
        if all(file.exists() for file in files):
            return pl.concat([_judged(source, file) for file in files], how="diagonal")
    return None


def _judged(source: Source, file: Path) -> pl.DataFrame:
    try:
        rows = _table(file)
        if "split" not in rows.columns:
            part = next((s for s in ("train", "valid") if s in file.name), None)
            part = part if source.name == "convabuse" else None
            rows = rows.with_columns(split=pl.lit(part, dtype=pl.String))
        return source.judge(rows)
    except (OSError, EOFError, pl.exceptions.PolarsError) as error:
        raise ClassifierError(
            f"'{file.name}' cannot be read as {source.name}: {type(error).__name__}. Wanted the "
            "file as its authors published it, or as samples/ has it."
        ) from error


def _table(file: Path) -> pl.DataFrame:
    if file.suffix == ".parquet":
        return pl.read_parquet(file)
    if ".tsv" in file.name:
        return pl.read_csv(
            file,
            has_header=False,
            separator="\x1f",
            quote_char=None,
            new_columns=["line"],
            truncate_ragged_lines=True,
        )
    content = file.read_bytes() if file.suffix != ".gz" else file
    return pl.read_csv(
        io.BytesIO(content) if isinstance(content, bytes) else content,
        infer_schema=False,
        truncate_ragged_lines=True,
    )
