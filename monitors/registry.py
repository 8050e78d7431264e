"""Finds every monitor and event contract by looking at the files; there is no list to edit."""

import difflib
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from monitors.columns import Contract
from monitors.contract import Mode, Monitor
from monitors.errors import ContractError, MonitorError
from monitors.sql import parse

ROOT = Path(__file__).parent
NOT_PRODUCTS = {"events", "detectors", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Broken:
    """A monitor file that does not load: it fails alone, visibly, and its siblings run."""

    product: str
    name: str
    source: Path
    error: str

    @property
    def id(self) -> str:
        """`product/name`, as the monitor would have it."""
        return f"{self.product}/{self.name}"


@dataclass(frozen=True)
class Registry:
    """All monitors by id, in order of id; `broken` files apart."""

    monitors: dict[str, Monitor]
    broken: dict[str, Broken]

    def get(self, monitor_id: str) -> Monitor:
        """The monitor, or a MonitorError that says which are alike."""
        if monitor_id in self.monitors:
            return self.monitors[monitor_id]
        if monitor_id in self.broken:
            raise MonitorError(
                f"Monitor '{monitor_id}' does not load: {self.broken[monitor_id].error}"
            )
        alike = difflib.get_close_matches(monitor_id, self.monitors, n=3, cutoff=0.4)
        hint = f" Did you mean {', '.join(alike)}?" if alike else ""
        raise MonitorError(f"There is no monitor '{monitor_id}'.{hint}")

    def watching(self) -> "Registry":
        """The registry without drafts, which are for backtests only."""
        live = {k: m for k, m in self.monitors.items() if m.mode is not Mode.DRAFT}
        return Registry(live, self.broken)

    @property
    def products(self) -> list[str]:
        """Products with a monitor file, in order."""
        return sorted({m.split("/")[0] for m in (*self.monitors, *self.broken)})


def discover(root: Path, package: str) -> Registry:
    """Load every `<product>/<behaviour>.py|.sql` below `root`, importing as `package`.

    Contracts in `root/events`, should it exist, become known first, so that a folder of monitors
    outside `monitors/` may bring its own. Raises ContractError when one takes a known name.
    """
    _learn(root / "events", f"{package}.events")
    monitors: dict[str, Monitor] = {}
    broken: dict[str, Broken] = {}
    for path in sorted((*root.glob("*/*.py"), *root.glob("*/*.sql"))):
        product = path.parent.name
        if product in NOT_PRODUCTS or path.name.startswith("_"):
            continue
        try:
            found = _load(path, f"{package}.{product}.{path.stem}")
            _check_place(found, path)
        except Exception as error:  # noqa: BLE001 - any fault in a file must stay that file's own
            text = f"{type(error).__name__}: {error}"
            broken[f"{product}/{path.stem}"] = Broken(product, path.stem, path, text)
            continue
        monitors[found.id] = found
    return Registry(monitors, broken)


@cache
def registry() -> Registry:
    """Every monitor in `monitors/`, loaded once."""
    return discover(ROOT, "monitors")


@cache
def contracts() -> dict[str, Contract]:
    """Every event contract in `monitors/events/` and those that `discover` met, by name."""
    return _contracts_in(ROOT / "events", "monitors.events")


def _learn(folder: Path, package: str) -> None:
    known = contracts()
    for name, contract in _contracts_in(folder, package).items():
        if known.setdefault(name, contract) != contract:
            raise ContractError(f"'{folder}' redefines the event contract '{name}'; rename it.")


def _contracts_in(folder: Path, package: str) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    for path in sorted(folder.glob("[!_]*.py")):
        module = importlib.import_module(f"{package}.{path.stem}")
        contract = getattr(module, "CONTRACT", None)
        if not isinstance(contract, Contract) or contract.name != path.stem:
            raise ContractError(
                f"'{path.name}' must define CONTRACT, a Contract named '{path.stem}'."
            )
        found[contract.name] = contract
    return found


def contract_of(name: str) -> Contract:
    """The contract, or a ContractError that lists the known ones."""
    known = contracts()
    if name not in known:
        raise ContractError(f"There is no event contract '{name}'; known: {', '.join(known)}.")
    return known[name]


def _load(path: Path, name: str) -> Monitor:
    if path.suffix == ".sql":
        return parse(path)
    found = [value for value in vars(_module(path, name)).values() if isinstance(value, Monitor)]
    own = [m for m in found if m.name == path.stem]
    if len(own) != 1:
        raise MonitorError(
            f"'{path.name}' declares {[m.name for m in found]}; "
            f"a file declares one monitor, named as the file: '{path.stem}'."
        )
    return own[0]


def _module(path: Path, name: str) -> ModuleType:
    """Import by file, so that a folder of monitors outside `monitors/` loads the same way."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise MonitorError(f"'{path}' cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _check_place(found: Monitor, path: Path) -> None:
    if found.product != path.parent.name:
        raise MonitorError(
            f"'{path.name}' declares product '{found.product}' and lies in '{path.parent.name}'; "
            "make them equal."
        )
    if path.with_suffix(".py").exists() and path.with_suffix(".sql").exists():
        raise MonitorError(f"'{path.stem}' is there as .py and as .sql; keep one of them.")
    for table in found.reads:
        Table.parse(table)


@dataclass(frozen=True, slots=True)
class Table:
    """One table that a monitor reads: its kind and, but for `period`, its contract."""

    kind: str
    contract: str

    @staticmethod
    def parse(name: str) -> "Table":
        """Read a parameter's name. Raises MonitorError when no contract has that table."""
        known = contracts()
        if name == "period":
            return Table("period", "")
        if name in known:
            return Table("events", name)
        for kind in ("text", "activity", "baseline"):
            contract = name.removesuffix(f"_{kind}")
            if contract != name and contract in known:
                if kind == "text" and not known[contract].text:
                    break
                return Table(kind, contract)
        raise MonitorError(
            f"There is no table '{name}'; name an event contract ({', '.join(known)}), one with "
            "_text, _activity or _baseline behind it, or 'period'."
        )
