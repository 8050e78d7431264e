"""Many crash schedules, each with a ledger of its own."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support.crash_ledgers import New

Run = Callable[[int, Path, str], Iterable[str]]  # a seed, a home and its ledger


def wrong_after(seeds: Iterable[int], run: Run, new: New, homes: Path) -> dict[int, list[str]]:
    """What `run` says is wrong, by the seeds after which anything is."""
    found = {}
    for seed in seeds:
        home = homes / str(seed)
        with new(home) as ledger:
            found[seed] = list(run(seed, home, ledger))
    return {seed: said for seed, said in found.items() if said}


def never_crossed(
    places: Iterable[str], seeds: Iterable[int], run: Run, new: New, homes: Path
) -> set[str]:
    """Places that none of the schedules crosses; `run` gives the points that its one crosses."""
    left = set(places)
    for seed in seeds:
        home = homes / str(seed)
        with new(home) as ledger:
            left -= {point.removesuffix(", before") for point in run(seed, home, ledger)}
        if not left:
            break
    return left
