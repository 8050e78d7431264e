"""Rewrites files of the lake without some rows, each in one step, all other rows as they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from upath import UPath

from monitors.registry import Registry
from orchestration.forgetting.matching import FINDINGS, Rule, mentions, redacted, rule_of
from orchestration.forgetting.subject import Subject
from orchestration.lake import Lake
from orchestration.manifests import MANIFESTS, content_digest

PATH = "__path"


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that holds rows of somebody: how many are to go, and how many mention them."""

    path: UPath
    gone: int
    mentioned: int


@dataclass(frozen=True, slots=True)
class Part:
    """One table of one product, with the rule for its rows."""

    lake: Lake
    subject: Subject
    table: str
    product: str
    files: tuple[UPath, ...]
    rule: Rule

    def hits(self) -> list[Hit]:
        """Files that hold rows of the subject."""
        gone, mentioned = self.rule.gone, self._mentioned()
        counted = (
            self._scan()
            .select(PATH, gone=gone, mentioned=~gone & mentioned)
            .filter(pl.col("gone") | pl.col("mentioned"))
            .group_by(PATH)
            .agg(pl.col("gone").sum(), pl.col("mentioned").sum())
            .sort(PATH)
            .collect(engine="streaming")
        )
        return [Hit(UPath(path), int(n), int(m)) for path, n, m in counted.iter_rows()]

    def rows(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of the rows that are to go."""
        return self._scan().filter(self.rule.gone).select(columns).collect(engine="streaming")

    def rewrite(self, hit: Hit) -> None:
        """Replace one file. A findings file's manifest is told first of what will be in it."""
        rows = pl.scan_parquet(str(hit.path), hive_partitioning=False)
        own = rows.collect_schema().names()
        lacking = {name for name in self.rule.gone.meta.root_names() if name not in own}
        nulls = [pl.lit(None, pl.String).alias(name) for name in lacking]
        kept = rows.with_columns(nulls).filter(~self.rule.gone).select(own)
        if hit.mentioned and self.rule.json:
            kept = kept.with_columns(redacted(self.subject, self.rule.json))
        if self.table.startswith(f"{FINDINGS}/"):
            self._agree(hit.path, rows.collect(), kept.collect())
        self.lake.replace(hit.path, kept)

    def _scan(self) -> pl.LazyFrame:
        """Every file, with the columns that the newest has."""
        return pl.scan_parquet(
            [str(path) for path in self.files],
            schema=pl.read_parquet_schema(str(self.files[-1])),
            include_file_paths=PATH,
            hive_partitioning=False,
            missing_columns="insert",
            extra_columns="ignore",
        )

    def _mentioned(self) -> pl.Expr:
        column = self.rule.json
        return mentions(self.subject, column) if column else pl.lit(False)

    def _agree(self, path: UPath, before: pl.DataFrame, after: pl.DataFrame) -> None:
        """Give the manifest the digest of the findings that stay; its counts were true and stay.

        Only one that spoke of the findings as they were: any other is of an evaluation under way.
        """
        leaf = path.with_suffix(".json").name
        day, name = path.parent, self.table.removeprefix(f"{FINDINGS}/")
        folder = UPath(self.lake.root) / MANIFESTS / name / day.parent.name / day.name
        record = self.lake.read_json(folder / leaf)
        if record and record["digest"] == content_digest(before):
            changed = {**record, "digest": content_digest(after)}
            self.lake.replace_json(folder / leaf, changed)


def parts(
    lake: Lake, subject: Subject, table: str, products: Sequence[str], registry: Registry
) -> Iterator[Part]:
    """The parts of a table that can hold rows of somebody."""
    for product in products:
        files = files_of(lake, table, product)
        if not files:
            continue
        columns = pl.read_parquet_schema(str(files[-1])).keys()
        rule = rule_of(subject, table, product, columns, registry)
        if rule is not None:
            yield Part(lake, subject, table, product, tuple(files), rule)


def files_of(lake: Lake, table: str, product: str) -> list[UPath]:
    """Files of one table and product, the newest day last."""
    folder = UPath(lake.root) / table / f"product={product}"
    days = sorted(folder.iterdir(), key=str) if folder.exists() else []
    return [
        path
        for day in days
        for path in sorted(day.iterdir(), key=str)
        if path.suffix == ".parquet" and not path.name.startswith(".")
    ]
