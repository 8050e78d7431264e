"""Schedules of a house that acts and crashes: everything is drawn from a seed.

People decide, approve, stop, reverse, appeal and meddle; the service fails; the house works on.
One to three times its process ends at a fault point. In the end all works until nothing waits.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from orchestration.executors.protocol import LATE
from orchestration.pseudonyms import KEY_BYTES, OWN_BYTES, Pseudonyms
from orchestration.reference_service.faults import Faults as ServiceFaults
from tests.orchestration.reference_service.services import Clock, running
from tests.support import enforcement_crash_appeals as hearing
from tests.support import enforcement_crash_people as people
from tests.support.enforcement import DAY
from tests.support.enforcement_crash_checks import wrongs
from tests.support.enforcement_crash_house import House, terms_of
from tests.support.enforcement_crash_people import ACCOUNTS, FIELDS
from tests.support.enforcement_crashes import POINTS, Faults
from tests.support.ledgers import NOON

WIDE = {"per_run": 100, "per_day": 300, "per_monitor": 300}
NARROW = {"per_run": 4, "per_day": 7, "per_monitor": 6, "per_tenant": 4}
# Between these it is not known whether something was done.
HOT = (
    "commit enforcement.claim.claim, after",
    "request apply, before",
    "request apply, after",
    "commit enforcement.execute._Going._record, before",
    "request restore, after",
    "commit enforcement.undo._Going._record, before",
    "request notice, after",
)
ACTS: tuple[tuple[int, Callable[[House], None]], ...] = (
    (16, people.decides),
    (8, people.approves),
    (2, people.resumes),
    (2, people.switches),
    (5, people.throws_meanwhile),
    (4, people.lifts),
    (2, people.protects),
    (2, people.is_retracted),
    (2, people.meddles),
    (6, people.reverses),
    (1, people.reverses_all),
    (12, hearing.appeals_one),
    (12, hearing.reviews),
    (2, hearing.withdraws),
    (10, people.waits),
    (1, people.changes_mode),
    (12, people.fails),
)
MEASURED = 14  # labels, all right, that an eager gate takes


@dataclass(frozen=True)
class Ran:
    """What came of a schedule: what is wrong, how many rows are in each state, what was crossed."""

    wrong: list[str]
    states: Counter[str]
    faults: Faults


def run(seed: int, home: Path, ledger: str) -> Ran:
    """Run one schedule with one to three crashes, and look at everything once nothing waits."""
    rng = Random(seed)  # noqa: S311 - a schedule, no secret
    planned = [(POINTS[seed % len(POINTS)], rng.choice((1, 1, 2))), (rng.choice(HOT), 1)]
    planned += [("", rng.randint(1, 400)) for _ in range(rng.randint(0, 1))]
    caps, auto = rng.choice((WIDE, WIDE, NARROW)), rng.random() < 0.3
    terms = terms_of(delayed=rng.random() < 0.2, auto=auto, **caps)
    how: dict[str, Any] = {
        "workers": rng.choice((1, 1, 4)),
        "chunk": rng.choice((1, 2, 50)),
    }
    prepare(home)
    service, clock, faults = ServiceFaults(), Clock(NOON + DAY), Faults(planned)
    with running(home, faults=service, clock=clock) as client:
        house = House(home, ledger, client, clock, service, faults, rng, terms, auto=auto, **how)
        try:
            begin(house)
            goes_on(house, rng.randint(10, 24))
            settles(house)
            wrong = wrongs(
                house.aside,
                client,
                Pseudonyms(home),
                ACCOUNTS,
                per_day=caps["per_day"],
                at_once=house.workers,
                late=LATE,
            )
            return Ran(wrong, house.floor.states(), faults)
        finally:
            house.stop()
            house.aside.dispose()


def prepare(home: Path) -> None:
    """A home whose names are the same whenever a seed is run again."""
    (home / "keys").mkdir(parents=True, exist_ok=True)
    (home / "keys" / "pseudonyms").write_bytes(b"k" * KEY_BYTES)
    names = Pseudonyms(home)
    names.names("account_id", ACCOUNTS)
    with closing(sqlite3.connect(names.path)) as keys, keys:
        for (handle,) in keys.execute("SELECT handle FROM entities").fetchall():
            own = sha256(handle).digest()[:OWN_BYTES]
            keys.execute("UPDATE entities SET key = ? WHERE handle = ?", (own, handle))


def begin(house: House) -> None:
    """Accounts that are there, some of them suspended by hand already."""
    for account in ACCOUNTS:
        fields: dict[str, Any] = dict(FIELDS)
        if house.rng.random() < 0.15:
            fields["access"] = house.rng.choice(("suspended", "limited"))
        house.client.put(account, "account_id", **fields)
    if house.auto:
        house.room.measure(MEASURED)


def goes_on(house: House, steps: int) -> None:
    """So many acts of people and the world, and what sensors start between them."""
    weights, acts = zip(*ACTS, strict=True)
    people.decides(house)
    for _ in range(steps):
        (act,) = house.rng.choices(acts, weights)
        act(house)
        if house.auto and house.rng.random() < 0.2:
            people.fires(house)
        if house.rng.random() < 0.6:
            house.tick()


def settles(house: House) -> None:
    """All is live, lifted and mended."""
    house.terms = house.live
    house.faults.planned, house.faults.meanwhile = [], []
    people.lifts(house)
    house.settle(lambda: hearing.finishes(house))
