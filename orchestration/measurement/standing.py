"""Whether a monitor's version may be in auto, as far as it is measured, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.ledger.states import ModeState
from orchestration.measurement.golden import GoldResult
from orchestration.measurement.precision import least, lower_bound
from orchestration.measurement.quality import FRESH, LEAST, MonitorQuality
from orchestration.policies.actions import Action

LINE = 0.80
MOST = 100_000  # all-right labels that are worth counting to
# Why a version may not be in auto. A failed check is its own code, as in `check:canary`.
NO_RULES, FEW, LOW, OLD, GOLD = "no_rules", "too_few", "lower_bound", "stale", "golden"
GOLD_UNKNOWN = "golden_unknown"
SAID = {
    NO_RULES: "no enforcement.yaml is in force; its sensor, or `enforcement run`, reads it",
    GOLD: "those who labelled it fail on gold",
    GOLD_UNKNOWN: "gold says nothing yet of those who labelled it",
}


@dataclass(frozen=True, slots=True)
class Need:
    """What must be shown: a lower bound, over so many labels, the newest no older than `age`."""

    lower: float = LINE
    n: int = LEAST
    age: timedelta = FRESH


@dataclass(frozen=True, slots=True)
class Standing:
    """The highest mode that measurement allows a version, and why it is no higher.

    `why` are codes, none where it may be in auto; `notes` are of what is not known and keeps
    nothing. `labels_needed` is how many more labels it takes, all right; null where no number does,
    as the share of right ones is not over the line.
    """

    may: ModeState
    why: tuple[str, ...]
    notes: tuple[str, ...]
    labels_needed: int | None
    quality: MonitorQuality
    need: Need


def need_of(action: str, actions: Mapping[str, Action] | None) -> Need | None:
    """What an action asks of its monitor, by its gate; the least there is where it has none.

    Null where the rules of enforcement are not known: nobody can say what is enough.
    """
    if actions is None:
        return None
    known = actions.get(action)
    if known is None or known.gate is None:
        return Need()
    gate = known.gate
    return Need(gate.lower_bound, max(gate.min_n, LEAST), gate.max_label_age)


def standing(
    found: MonitorQuality,
    *,
    need: Need | None,
    golden: GoldResult | None = None,
    fit: str | None = None,
    now: datetime,
) -> Standing:
    """What measurement allows the version that `found` is of.

    `golden` is how its raters did on gold, null where that is not known. `fit` is why its newest
    checks keep it from acting, null where they do not.
    """
    wanted = need or Need()
    failed = golden is not None and golden.state == "failed"
    why = (
        *([] if need else [NO_RULES]),
        *([FEW] if found.n < wanted.n else []),
        *([LOW] if found.n >= wanted.n and not _reaches(found, wanted) else []),
        *([OLD] if found.n and _is_old(found, wanted, now) else []),
        *([GOLD] if failed else []),
        *([fit] if fit else []),
    )
    unknown = golden is None or golden.state == "unknown"
    return Standing(
        may=ModeState.REVIEW if why else ModeState.AUTO,
        why=why,
        notes=(GOLD_UNKNOWN,) if unknown else (),
        labels_needed=_needed(found, wanted, now),
        quality=found,
        need=wanted,
    )


def said(found: Standing) -> tuple[str, ...]:
    """Each reason in words, with what was found and what is wanted; then each note."""
    have, need = found.quality, found.need
    figures = {
        FEW: f"{have.n} labels of drawn units, {need.n} wanted",
        LOW: f"lower bound {have.lower or 0:.3f} ({have.k} of {have.n} right, one-sided 95 %), "
        f"{need.lower:.2f} wanted",
        OLD: f"its newest label is of {have.newest_label:%Y-%m-%d}, at most {need.age.days} d old "
        "wanted"
        if have.newest_label
        else "",
    }
    words = figures | SAID
    return tuple(words.get(code) or _of_check(code) for code in (*found.why, *found.notes))


def said_needed(found: Standing) -> str:
    """How many labels more it takes, in words; empty where it takes none."""
    if found.labels_needed is None:
        return "no number of labels does with so many wrong: tune it"
    return f"{found.labels_needed} labels more, all right, would do" if found.labels_needed else ""


def labels_needed(k: int, n: int, line: float) -> int | None:
    """How many labels more, all right, until the lower bound of k in n reaches the line.

    0 where it does; null where the share of right ones is not over the line, as more of the same
    never reach it. Raises MeasurementError for counts that cannot be, and a line outside (0, 1).
    """
    few = least(line)
    if n == 0:
        return few
    if (lower_bound(k, n) or 0.0) >= line:
        return 0
    if k <= line * n:
        return None
    low, high = 0, few
    while (lower_bound(k + high, n + high) or 0.0) < line:
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        reached = (lower_bound(k + middle, n + middle) or 0.0) >= line
        low, high = (low, middle) if reached else (middle, high)
    return high


def _of_check(code: str) -> str:
    kind, _, name = code.partition(":")
    return f"its {kind} {name} failed" if name else code


def _needed(found: MonitorQuality, need: Need, now: datetime) -> int | None:
    more = labels_needed(found.k, found.n, need.lower)
    fresh = int(_is_old(found, need, now))
    return None if more is None else max(more, need.n - found.n, fresh, 0)


def _reaches(found: MonitorQuality, need: Need) -> bool:
    return found.lower is not None and found.lower >= need.lower


def _is_old(found: MonitorQuality, need: Need, now: datetime) -> bool:
    return found.newest_label is not None and now - found.newest_label > need.age
