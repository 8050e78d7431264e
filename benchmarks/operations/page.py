"""The week's figures as Markdown."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.operations.figures import Figures
from benchmarks.operations.week import Week

Row = tuple[Week, Figures, list[str]]


def page(found: Sequence[Row]) -> Iterator[str]:
    """One table with a column for each week, then what was seen besides."""
    modes = ["live" if week.office.live else "dry-run" for week, _, _ in found]
    yield f"| | {' | '.join(modes)} |"
    yield f"|---|{'--:|' * len(found)}"
    columns = [_values(*one) for one in found]
    for name in columns[0]:
        yield f"| {name} | {' | '.join(column[name] for column in columns)} |"
    yield ""
    yield "| seen besides | " + " | ".join(modes) + " |"
    yield f"|---|{'--:|' * len(found)}"
    for name in sorted({name for week, _, _ in found for name in week.office.seen}):
        yield f"| {name} | {' | '.join(str(week.office.seen[name]) for week, _, _ in found)} |"


def _values(week: Week, one: Figures, wrong: list[str]) -> dict[str, str]:
    true, false, spared, missed = one.right
    mistakes = one.wrong
    asked, back = week.others.asked, week.undone
    return {
        "cases by state": _counted(one.cases),
        "reopened": str(one.reopens),
        "alerts decided, and outcomes": f"{one.alerts}: {_counted(one.outcomes)}",
        "called violating: guilty, not": f"{true}, {false}",
        "called benign: not guilty, guilty": f"{spared}, {missed}",
        **{
            f"{name}: due, begun late, decided late": ", ".join(map(str, numbers))
            for name, numbers in one.late.items()
        },
        "begun late by shift, expected (? nobody could say) and came": _forecast(week),
        "enforcements by state": _counted(one.states),
        "why blocked, failed or expired": _counted(one.codes),
        "flagged for people": _counted(one.flags),
        "batches that a cap stopped": str(one.breaches),
        "appeals by state": _counted(one.appeals),
        "done, or would be: all, on people who did nothing": (
            f"{mistakes['all']}, {mistakes['wrong']}"
        ),
        "of these undone, over by themselves, stand after an appeal, stand unappealed": (
            f"{mistakes['undone']}, {mistakes['over']}, {mistakes['appealed']}, "
            f"{mistakes['never appealed']}"
        ),
        "bad monitor: rows that stood, rows in its reversal": f"{week.acted}, {asked.size}",
        "its targets: exactly as before, but for what others did, wrong": (
            f"{back.exact}, {back.others}, {back.wrong}" if back else "never looked at"
        ),
        "its rows by state": _counted(back.rows) if back else "",
        "in which ledger and service do not agree": str(len(wrong)),
        "rows of the audit": str(one.audit),
        "seconds of CPU": f"{week.seconds:.0f}",
    }


def _counted(found: Counter[str] | Mapping[str, int]) -> str:
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number}" for name, number in ordered) or "none"


def _forecast(week: Week) -> str:
    said = [
        f"{'?' if one.expected is None else format(one.expected, '.1f')}/{one.came}"
        for one in week.shifts
    ]
    return ", ".join(said)
