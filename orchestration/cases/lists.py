"""Lists of others that enrichment asks: throw-away mail, hosting networks, crawlers."""

import csv
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from orchestration.cases.errors import CaseError
from orchestration.ledger.ids import digest_parts

T = TypeVar("T")
MAIL, NETWORKS = "disposable_email_domains.txt.gz", "bad_asns.csv"
AGENTS = "crawler_user_agents.json"
SHOWN = 12  # hex digits of a list's digest


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """The content of one list. `name` is its file's, with the digest of what it said."""

    name: str
    values: T


@dataclass(frozen=True, slots=True)
class Lists:
    """Domains of throw-away mail, hosting networks by number, and a pattern of crawlers' agents.

    A list that is None is not there: what it would say is unknown.
    """

    mail: Listed[frozenset[str]] | None = None
    networks: Listed[frozenset[int]] | None = None
    agents: Listed[re.Pattern[str]] | None = None


def read_lists(folder: Path) -> Lists:
    """The lists in a folder, under the names that `samples/enrichment` has; those that are there.

    Raises CaseError for one that cannot be read.
    """
    return Lists(
        _read(folder / MAIL, _domains),
        _read(folder / NETWORKS, _numbers),
        _read(folder / AGENTS, _pattern),
    )


def is_thrown_away(domain: str, domains: frozenset[str]) -> bool:
    """Whether the domain, or one that it is a part of, is listed."""
    parts = domain.lower().rstrip(".").split(".")
    return any(".".join(parts[at:]) in domains for at in range(len(parts) - 1))


def _read(path: Path, parse: Callable[[bytes], T]) -> Listed[T] | None:
    if not path.exists():
        return None
    raw = path.read_bytes()
    try:
        values = parse(raw)
    except (ValueError, KeyError, TypeError, OSError, EOFError, re.error) as error:
        raise CaseError(
            f"The list {path.name} cannot be read ({type(error).__name__}); wanted it as "
            "samples/enrichment has it. Put it back, or take it away: it then counts as unknown."
        ) from error
    return Listed(f"{path.name}@{digest_parts(raw.hex())[:SHOWN]}", values)


def _domains(raw: bytes) -> frozenset[str]:
    lines = gzip.decompress(raw).decode("utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip())


def _numbers(raw: bytes) -> frozenset[int]:
    rows = csv.DictReader(raw.decode("utf-8").splitlines())
    return frozenset(int(row["ASN"]) for row in rows)


def _pattern(raw: bytes) -> re.Pattern[str]:
    patterns = [entry["pattern"] for entry in json.loads(raw)]
    if not patterns:
        raise ValueError("no patterns")
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
