"""A process to be killed: it decides, plans, acts, reverses and hears appeals, on and on.

    python -m tests.support.enforcement_crashing HOME LEDGER SERVICE KILLED [once]

Its clock is the real one, as the service's is, and later by half an hour for each time that it was
KILLED: what it had leased may be taken again. It says `begun` when it begins. With `once` it ends
by itself after a round in which nothing waits any more.
"""

import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from orchestration.ledger.database import reading
from orchestration.ledger.tables import decisions
from orchestration.reference_service.faults import Faults as ServiceFaults
from tests.orchestration.reference_service.services import Client, Clock
from tests.support import enforcement_crash_appeals as hearing
from tests.support import enforcement_crash_people as people
from tests.support.enforcement_crash_house import House, terms_of
from tests.support.enforcement_crashes import Faults

AWAY = timedelta(minutes=31)  # longer than any lease
ROUNDS = "rounds"
MOST = 90  # rounds until nothing waits
CAPS = {"per_run": 500, "per_day": 5000, "per_monitor": 5000}


@dataclass
class Going(Clock):
    """A clock that goes, and can be put on; requests are signed by the real one."""

    ahead: timedelta = timedelta(0)
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """The time."""
        return self.now + self.ahead + timedelta(seconds=time.monotonic() - self.began)

    def forward(self, **by: float) -> None:
        """Put it on."""
        self.ahead += timedelta(**by)


def real() -> datetime:
    """The time, as the service has it."""
    return datetime.now(UTC)


def main(home: Path, ledger: str, url: str, killed: int, *, once: bool) -> None:
    """Go on until killed, or until nothing waits."""
    clock = Going(now=real(), ahead=killed * AWAY)
    terms = terms_of(delayed=False, auto=False, **CAPS)
    rng = Random(killed)  # noqa: S311 - a schedule, no secret
    house = House(
        *(home, ledger, Client(url, real), clock, ServiceFaults(), Faults(), rng, terms), signs=real
    )
    print("begun", flush=True)  # noqa: T201 - read by who kills it
    for number in count(1):
        if once:
            people.lifts(house)
            house.tick()
            hearing.finishes(house)
            clock.forward(minutes=21)
            if not house.waits():
                return
            assert number < MOST, f"it is never quiet: {house.waits()} {house.floor.states()}"
            continue
        acts(house)
        house.tick()
        with (home / ROUNDS).open("a", encoding="utf-8") as file:
            file.write(".")


def acts(house: House) -> None:
    """What people do in a round."""
    with reading(house.aside) as connection:
        number = connection.scalars(select(func.count()).select_from(decisions)).one()
    if number < people.MOST_DECISIONS:
        people.decides(house)
    people.approves(house)
    for act in (people.reverses, hearing.appeals_one, hearing.reviews):
        act(house)
    if house.rng.random() < 0.1:
        people.switches(house)
    if house.rng.random() < 0.3:
        people.lifts(house)


if __name__ == "__main__":
    place, ledger, url, killed = sys.argv[1:5]
    main(Path(place), ledger, url, int(killed), once="once" in sys.argv)
