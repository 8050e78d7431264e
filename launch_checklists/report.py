"""A report: what became of every item, and whether the stage may begin."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from launch_checklists.item import Item, Level, Outcome, Seen
from launch_checklists.parts import Stage
from launch_checklists.waiver import Waiver

GOOD = frozenset({Outcome.PASS, Outcome.WAIVED, Outcome.NOT_APPLICABLE})


class Verdict(StrEnum):
    """Whether the stage may begin."""

    PASS = "pass"  # noqa: S105 - a verdict
    WAIVED = "pass_with_waivers"
    FAIL = "fail"
    NOT_EVALUATED = "could_not_evaluate"


SIGNATURES = "signoffs"
EXIT = {Verdict.PASS: 0, Verdict.WAIVED: 0, Verdict.FAIL: 1, Verdict.NOT_EVALUATED: 3}
WRONG_FILE, STRICT = 2, 4


@dataclass(frozen=True, slots=True)
class Result:
    """One item and what became of it.

    `root` is the item that has to be mended first; null where that is this one. `waiver` is the
    one that lets it pass, and `version` that of its monitor.
    """

    item: Item
    seen: Seen
    root: str | None = None
    waiver: Waiver | None = None
    version: int | None = None

    @property
    def stops(self) -> bool:
        """Whether the stage may not begin because of it.

        A blocker has to be shown; what is required has only not to be wrong.
        """
        outcome = self.seen.outcome
        if self.item.level is Level.BLOCKER:
            return outcome not in GOOD
        return self.item.level is Level.REQUIRED and outcome is Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a product's checklist at a stage. `digest` is what people sign."""

    product: str
    stage: Stage
    at: datetime
    results: tuple[Result, ...]
    digest: str

    @property
    def verdict(self) -> Verdict:
        """Could not evaluate if an error stops it, whatever else does: more may be wrong."""
        stopping = [one for one in self.results if one.stops and one.root is None]
        if any(one.seen.outcome is Outcome.ERROR for one in stopping):
            return Verdict.NOT_EVALUATED
        if stopping:
            return Verdict.FAIL
        waived = any(one.seen.outcome is Outcome.WAIVED for one in self.results)
        return Verdict.WAIVED if waived else Verdict.PASS

    def exit_code(self, *, strict: bool = False) -> int:
        """What a command ends with (operations §4.5)."""
        if strict and self.verdict is Verdict.WAIVED:
            return STRICT
        return EXIT[self.verdict]

    def ordered(self) -> list[Result]:
        """What stops the stage first, by weight; each root before its consequences."""
        heads = sorted((one for one in self.results if one.root is None), key=_weight)
        under = _under(self.results)
        return [each for head in heads for each in (head, *under.get(head.item.id, []))]


def _weight(result: Result) -> tuple[bool, bool, bool, int]:
    """What is wrong first, the heaviest first; else the checklist's order stays.

    Signatures come after the rest: whatever is wrong makes them void.
    """
    good = result.seen.outcome in GOOD
    level = 0 if good else list(Level).index(result.item.level)
    return (good, result.item.section == SIGNATURES, not result.stops, level)


def _under(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Consequences by their root."""
    found: dict[str, list[Result]] = {}
    for one in results:
        if one.root is not None:
            found.setdefault(one.root, []).append(one)
    return found
