"""Writes a new monitor with its test and its runbook, tries them, and says what to edit."""

import keyword
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from monitors.columns import Column, Contract
from monitors.contract import Monitor
from monitors.digest import digest
from monitors.errors import MonitorError
from monitors.harms import Harm
from monitors.registry import NOT_PRODUCTS, ROOT, contract_of, discover
from monitors.trial import canary_fires
from orchestration.cli import templates
from orchestration.duck import score

AUTHOR = re.compile(r"[a-z0-9]+")
NAME = re.compile(r"[a-z][a-z0-9_]*")
TREE = ROOT.parent
TRIED = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written."""

    product: str
    name: str
    contract: Contract
    harm: Harm
    author: str
    sql: bool

    @classmethod
    def of(cls, monitor_id: str, *, contract: str, harm: str, author: str, sql: bool) -> "Plan":
        """The plan for `product/name`. Raises MonitorError where no monitor can be so called."""
        parts = monitor_id.split("/")
        wrong = [p for p in parts if not NAME.fullmatch(p) or keyword.iskeyword(p)]
        if len(parts) != 2 or wrong:  # noqa: PLR2004 - product and name
            raise MonitorError(
                f"'{monitor_id}' is no monitor's id; wanted product/name in lower-case letters, "
                "digits and '_', as in chat/mass_messages."
            )
        if not AUTHOR.fullmatch(author):
            raise MonitorError(f"'{author}' is no author's id; wanted small letters and digits.")
        product, name = parts
        declared = contract_of(contract)
        if product in NOT_PRODUCTS or (ROOT / f"{product}.py").exists() or name == declared.name:
            taken = name if name == declared.name else product
            raise MonitorError(f"'{taken}' is the name of something else in monitors/; choose one.")
        return cls(product, name, declared, Harm(harm), author, sql)

    @property
    def source(self) -> Path:
        """File of the monitor."""
        return ROOT / self.product / f"{self.name}.{'sql' if self.sql else 'py'}"

    @property
    def test(self) -> Path:
        """File of its test."""
        return TREE / "tests" / "monitors" / self.product / f"test_{self.name}.py"

    @property
    def runbook(self) -> Path:
        """File of its runbook."""
        return TREE / "docs" / "runbooks" / f"{self.name}.md"

    @property
    def words(self) -> dict[str, str]:
        """What the templates' names stand for."""
        values = {c.name: _example(c) for c in self.contract.columns if c.required}
        entity = self.contract.account
        return {
            "product": self.product,
            "name": self.name,
            "id": f"{self.product}/{self.name}",
            "title": self.name.replace("_", " ").capitalize(),
            "contract": self.contract.name,
            "entity": entity,
            "harm": str(self.harm),
            "harm_name": self.harm.name,
            "author": self.author,
            "values": _python({entity: "canary", **values}, "    "),
            "someone": _python({entity: "someone", **values}, ""),
            "toml": _toml({entity: "canary", **values}),
        }

    @property
    def advice(self) -> str:
        """What to do with what was written."""
        row = templates.ROW.format(**self.words, language="SQL" if self.sql else "Python")
        return templates.ADVICE.format(**self.words, source=_shown(self.source), row=row)


def write(plan: Plan) -> list[str]:
    """Write monitor, test and runbook, and a new product's package; their paths from the tree.

    Raises MonitorError, and leaves no file behind, when a file exists or the monitor fails.
    """
    other = plan.source.with_suffix(".py" if plan.sql else ".sql")
    taken = [p for p in (plan.source, other, plan.test, plan.runbook) if p.exists()]
    if taken:
        names = ", ".join(_shown(p) for p in taken)
        raise MonitorError(f"{names} exists and is not overwritten; choose another name.")
    package = plan.source.with_name("__init__.py")
    texts = {package: ""} if not package.exists() else {}
    texts[plan.source] = (templates.SQL if plan.sql else templates.PYTHON).format(**plan.words)
    try:
        _write(texts)
        tested = _tried(plan)
        texts[plan.test] = templates.TEST.format(**plan.words, digest=digest(tested))
        texts[plan.runbook] = templates.RUNBOOK.format(**plan.words)
        _write(texts)
    except BaseException:  # Ctrl-C too: the registry would take half a monitor for a whole one
        for path in texts:
            if path.is_file():
                path.unlink()
        raise
    return [_shown(path) for path in texts]


def _write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _tried(plan: Plan) -> Monitor:
    """The monitor as the registry loads it, after it found its canary."""
    found = discover(ROOT, "monitors").get(f"{plan.product}/{plan.name}")
    if not canary_fires(found, TRIED, runner=score):
        raise MonitorError(f"The new monitor '{found.id}' does not find its canary.")
    return found


def _example(column: Column) -> object:
    if column.dtype == pl.String:
        return "example"
    if column.dtype == pl.Boolean:
        return True
    lowest = column.minimum or 0
    return float(lowest) if column.dtype == pl.Float64 else int(lowest)


def _python(values: dict[str, object], indent: str) -> str:
    """A dictionary as ruff formats it, an item a line."""
    items = [f'"{k}": "{v}"' if isinstance(v, str) else f'"{k}": {v}' for k, v in values.items()]
    return "".join(["{\n", *(f"{indent}    {item},\n" for item in items), f"{indent}}}"])


def _toml(values: dict[str, object]) -> str:
    items = ", ".join(
        f'{k} = "{v}"' if isinstance(v, str) else f"{k} = {str(v).lower()}"
        for k, v in values.items()
    )
    return f"{{ {items} }}"


def _shown(path: Path) -> str:
    return str(path.relative_to(TREE))
