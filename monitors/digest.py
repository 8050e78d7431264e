"""Digest of what a monitor decides: code and declaration, prose apart.

A changed digest with an unchanged version would let two different monitors share findings' ids and
measurements, so `tests/test_every_monitor.py` compares it with the digest kept beside each test.
"""

import ast
import hashlib
import re
from pathlib import Path

from monitors.activity import Activity
from monitors.contract import Monitor
from monitors.sql import COMMENT

ROOT = Path(__file__).resolve().parents[1]
SHARED = ("monitors.detectors", "monitors.activity", "monitors.packed")
PRIVATE = re.compile(r"monitors\.\w+\._\w+")
SQL_PROSE = re.compile(r"('[^']*')|--[^\n]*")  # quoted text is kept, and any -- inside it


def digest(monitor: Monitor) -> str:
    """First 16 hex digits of SHA-256 over the normal form of code and declaration."""
    declared = {
        "id": monitor.id,
        "harm": str(monitor.harm),
        "entity": monitor.entity,
        "threshold": monitor.threshold,
        "near": monitor.near,
        "window": monitor.window.total_seconds(),
        "cadence": monitor.cadence,
        "severity": int(monitor.severity),
        "action": monitor.action,
        "monotone": monitor.monotone,
        "reads": monitor.reads,
        "activity": [_activity(a.name, a) for a in monitor.activity],
        "baseline": [_activity(b.name, b.activity) for b in monitor.baseline],
    }
    code = _sql(monitor.source) if monitor.sql is not None else _python(monitor.source)
    return hashlib.sha256(f"{declared}\n{code}".encode()).hexdigest()[:16]


def _activity(name: str, activity: Activity) -> tuple[str, bool, list[tuple[str, str]]]:
    """What a shared table holds; its name tells key, filter, days, season and zone."""
    return name, activity.hourly, sorted((c, str(e)) for c, e in activity.sums.items())


def _sql(path: Path) -> str:
    match = COMMENT.match(path.read_text(encoding="utf-8"))
    body = match["body"] if match else ""
    lines = (line.strip() for line in SQL_PROSE.sub(r"\1", body).splitlines())
    return "\n".join(line for line in lines if line)


def _python(path: Path, seen: set[str] | None = None) -> str:
    """Code of the file and of the shared modules that it imports, without prose."""
    done = set() if seen is None else seen
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = [_without_prose(tree)]
    for name in sorted(_shared_imports(tree) - done):
        done.add(name)
        parts.append(_python(_file_of(name), done))
    return "\n".join(parts)


def _shared_imports(tree: ast.Module) -> set[str]:
    """Shared modules, and private ones beside a monitor, in whatever form they are imported."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    shared = {n for n in names if n.startswith(SHARED) or PRIVATE.fullmatch(n)}
    return {n for n in shared if _file_of(n).is_file()}


def _file_of(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def _without_prose(tree: ast.Module) -> str:
    """Source in normal form, without comments, docstrings and the declaration's decorator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            if isinstance(node, ast.FunctionDef):
                node.decorator_list = [d for d in node.decorator_list if not _declares(d)]
    return ast.unparse(tree)


def _declares(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "monitor"
    )
