"""What `watchfloor doctor` looks at: each check gives a state, what it found, how to mend it."""

import importlib
import re
import shutil
import sys
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from upath import UPath

from monitors.registry import ROOT, contracts, registry
from orchestration.lake import Lake
from orchestration.settings import Settings, SettingsError, load

OK, WARN, FAIL = "OK", "WARN", "FAIL"
DAGSTER = "orchestration.cli.checks_of_dagster"
ALERTING = "orchestration.cli.checks_of_alerting"
WORK = "orchestration.cli.checks_of_work"
TREE = ROOT.parent
PYTHON = (3, 11)
GIGABYTE = 10**9
LITTLE, FULL = 5 * GIGABYTE, 1 * GIGABYTE
LEFT_BEHIND = timedelta(days=1)
MODULES = {"pyyaml": "yaml", "scikit-learn": "sklearn", "universal-pathlib": "upath"}
PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^\s;#]+)")
REINSTALL = "pip install -c constraints.txt -e ."

Found = tuple[str, str, str]
Look = Callable[[], Found]


class Check(NamedTuple):
    """What became of one check; `mend` is empty where nothing needs mending."""

    name: str
    state: str
    found: str
    mend: str


def checks(*, now: datetime) -> list[tuple[str, Look]]:
    """Every check, by name, in the order in which one rests on another."""
    first: list[tuple[str, Look]] = [("python", python), ("packages", packages)]
    try:
        settings = load()
    except SettingsError as error:
        mend = "Change it, or unset it; docs/settings.md describes each setting."
        return [*first, ("settings", partial(_found, FAIL, str(error), mend))]
    return [
        *first,
        ("settings", partial(_found, OK, f"home is {settings.home}, lake is {settings.lake}")),
        ("lake", partial(lake, settings)),
        ("events", partial(events, settings)),
        ("monitors", monitors),
        ("dagster home", partial(_of, DAGSTER, "home", settings)),
        ("definitions", partial(_of, DAGSTER, "definitions", settings)),
        ("daemon", partial(_of, DAGSTER, "daemon", settings)),
        ("ledger", partial(_of, ALERTING, "ledger", settings)),
        ("people and routes", partial(_of, ALERTING, "people_and_routes", settings)),
        ("queues and policies", partial(_of, WORK, "queues_and_policies", settings)),
        ("enforcement", partial(_of, WORK, "enforcement", settings)),
        ("service", partial(_of, WORK, "service", settings)),
        ("approvers", partial(_of, WORK, "approvers", settings)),
        ("reviewers", partial(_of, WORK, "reviewers", settings)),
        ("checklists", partial(_of, WORK, "checklists", settings)),
        ("slack", partial(_of, ALERTING, "slack", settings)),
        ("fallback", partial(_of, ALERTING, "fallback", settings)),
        ("disk", partial(disk, settings)),
        ("leftovers", partial(leftovers, settings, now=now)),
    ]


def _found(state: str, found: str, mend: str = "") -> Found:
    return state, found, mend


def _of(module: str, name: str, settings: Settings) -> Found:
    """A check of another module, imported here so that a damaged package is a failed check."""
    found: Found = getattr(importlib.import_module(module), name)(settings)
    return found


def python() -> Found:
    """Whether Python is new enough."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    wanted = ".".join(str(part) for part in PYTHON)
    if sys.version_info[:2] >= PYTHON:
        return OK, found, ""
    return FAIL, f"{found}; wanted {wanted} or later", f"Install Python {wanted}, then `make demo`."


def packages() -> Found:
    """Whether every package we name can be imported, in the version that constraints.txt pins."""
    names = _dependencies()
    broken = []
    for name in names:
        module = MODULES.get(name, name.replace("-", "_"))
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - a damaged package may raise anything
            broken.append(f"{name} ({type(error).__name__}: {error})")
    if broken:
        return FAIL, f"cannot be imported: {', '.join(broken)}", REINSTALL
    pins = _pins(TREE / "constraints.txt")
    if not pins:
        return (
            WARN,
            f"{len(names)} can be imported; there is no constraints.txt to hold them to",
            ("Take constraints.txt from the repository."),
        )
    other = [
        f"{n} {_version(n)}, not {pins.get(n, 'pinned')}"
        for n in names
        if pins.get(n, "") != _version(n)
    ]
    if other:
        return WARN, f"other versions than the tested ones: {'; '.join(other)}", REINSTALL
    return OK, f"{len(names)}, in the versions of constraints.txt", ""


def _dependencies() -> list[str]:
    declared = [text for text in requires("watchfloor") or [] if "extra ==" not in text]
    named = [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in declared]
    return [name.lower().replace("_", "-") for name in named]


def _pins(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [PINNED.match(line) for line in lines]
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def lake(settings: Settings) -> Found:
    """Whether the lake can be written to."""
    folder = UPath(settings.lake)
    there = next(f for f in (folder, *folder.parents) if f.exists())
    probe = there / f".doctor.{uuid.uuid4().hex}.tmp"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        mend = "Give this user the right to write there, or set WATCHFLOOR_LAKE."
        return FAIL, f"{there} cannot be written to ({error.strerror})", mend
    if there != folder:
        return OK, f"{settings.lake} does not exist yet; the first ingest makes it", ""
    return OK, f"{settings.lake} can be written to", ""


def events(settings: Settings) -> Found:
    """Whether the lake holds events."""
    held = Lake(settings.lake)
    found = {name: held.products(f"events/{name}") for name in contracts()}
    texts = [f"{name} of {', '.join(products)}" for name, products in found.items() if products]
    if texts:
        return OK, "; ".join(texts), ""
    return WARN, "the lake holds none", "watchfloor ingest PRODUCT CONTRACT PATH, or make demo"


def monitors() -> Found:
    """Whether every monitor's file loads."""
    found = registry()
    if not found.broken:
        return OK, f"{len(found.monitors)} load", ""
    broken = "; ".join(f"{b.id}: {b.error}" for b in found.broken.values())
    files = ", ".join(str(b.source.relative_to(TREE)) for b in found.broken.values())
    return FAIL, f"{len(found.broken)} do not load: {broken}", f"Mend {files}."


def disk(settings: Settings) -> Found:
    """Whether there is room on the disk of the home folder."""
    folder = next(f for f in (settings.home, *settings.home.parents) if f.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / GIGABYTE:.1f} GB free"
    if free >= LITTLE:
        return OK, found, ""
    mend = "Delete old days of the lake, or move it with WATCHFLOOR_LAKE."
    return (FAIL if free < FULL else WARN), found, mend


def leftovers(settings: Settings, *, now: datetime) -> Found:
    """Whether crashed writers left temporary files behind."""
    if "://" in settings.lake:
        return OK, "an object store keeps none", ""
    before = (now - LEFT_BEHIND).timestamp()
    old = [p for p in Path(settings.lake).rglob(".*.tmp") if p.stat().st_mtime < before]
    if not old:
        return OK, "none", ""
    size = sum(p.stat().st_size for p in old) / GIGABYTE
    mend = f"find {settings.lake} -name '.*.tmp' -mmin +1440 -delete"
    return WARN, f"{len(old)} temporary files of crashed writers, {size:.1f} GB", mend
