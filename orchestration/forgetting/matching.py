"""Which rows of which table are about somebody, by what each column means."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from monitors.registry import Registry
from orchestration.forgetting.subject import Subject

FORGOTTEN = '"forgotten"'
FINDINGS, SAMPLES, QUARANTINE = "findings", "samples", "quarantine"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with the rows of one table.

    Rows that match `gone` are removed. In the others, texts in the JSON column `json` that are the
    entity's id become the word `forgotten`; None where a table has no such column.
    """

    gone: pl.Expr
    json: str | None = None


def rule_of(
    subject: Subject, table: str, product: str, columns: Collection[str], registry: Registry
) -> Rule | None:
    """The rule for one table and product; None where no column can hold the entity."""
    kind, _, name = table.partition("/")
    if kind == QUARANTINE:
        return Rule(pl.col("original").str.contains(subject.word))
    if kind == FINDINGS:
        typed = pl.col("entity_type").is_in(subject.columns)
        return Rule((typed & _is("entity", subject)) | _is("subkey", subject), "evidence")
    if kind == SAMPLES:
        monitor = registry.monitors.get(f"{product}/{name}")
        # Of a monitor that is gone nobody knows the type: then every equal id is taken for it.
        typed_so = monitor is None or monitor.entity in subject.columns
        return Rule((_is("entity", subject) & typed_so) | _is("subkey", subject))
    found = [_is(column, subject) for column in subject.columns if column in columns]
    extra = "extra" if "extra" in columns else None
    if not found and extra is None:
        return None
    return Rule(pl.any_horizontal(found) if found else pl.lit(False), extra)


def mentions(subject: Subject, column: str) -> pl.Expr:
    """Rows whose JSON has the entity as a whole text."""
    held = [pl.col(column).str.contains(text, literal=True) for text in subject.quoted]
    return pl.any_horizontal(held).fill_null(False)


def redacted(subject: Subject, column: str) -> pl.Expr:
    """The JSON with `forgotten` in place of each text that is the entity."""
    texts = pl.col(column)
    for text in subject.quoted:
        texts = texts.str.replace_all(text, FORGOTTEN, literal=True)
    return texts


def _is(column: str, subject: Subject) -> pl.Expr:
    return (pl.col(column).cast(pl.String) == subject.entity).fill_null(False)
