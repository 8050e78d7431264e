"""A report as lines of text: what stops the stage first, each root before its consequences."""

from datetime import date

from launch_checklists.item import Outcome
from launch_checklists.report import Report, Result, Verdict

HEAD = {
    Verdict.PASS: "may begin",
    Verdict.WAIVED: "may begin, with waivers",
    Verdict.FAIL: "may not begin",
    Verdict.NOT_EVALUATED: "could not be evaluated",
}
WORD = {Outcome.NOT_APPLICABLE: "N/A"}


def as_text(report: Report, *, quiet: bool = False) -> str:
    """A line per item, its remedy under what is wrong. `quiet`: only what is not as it must be."""
    lines = [headline(report)]
    for one in report.ordered():
        if quiet and one.seen.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}:
            continue
        lines += _lines(one, report.at.date())
    return "\n".join([*lines, f"state {report.digest}", ""])


def headline(report: Report) -> str:
    """The verdict in a line."""
    stopping = [one for one in report.results if one.stops and one.root is None]
    under = [one for one in report.results if one.stops and one.root is not None]
    text = f"{report.product} at {report.stage} %: {HEAD[report.verdict]}"
    if stopping:
        text += f"; {len(stopping)} items stop it, and {len(under)} that follow from them"
    return f"{text}. As of {report.at:%Y-%m-%d %H:%M} UTC."


def word(outcome: Outcome) -> str:
    """An outcome as people read it."""
    return WORD.get(outcome, outcome.value.upper())


def since(result: Result) -> str:
    """Since when it is so; empty where nobody knows."""
    return f" (since {result.seen.since:%Y-%m-%d %H:%M} UTC)" if result.seen.since else ""


def countdown(result: Result, today: date) -> str:
    """How long its waiver still holds; empty where none does."""
    if result.waiver is None:
        return ""
    left = result.waiver.left(today)
    return f" {left} days left." if left != 1 else " 1 day left."


def _lines(one: Result, today: date) -> list[str]:
    item, seen = one.item, one.seen
    version = f" v{one.version}" if one.version is not None else ""
    indent = "  " if one.root else ""
    head = f"{indent}{word(seen.outcome)} {item.level} {item.id}{version}: {seen.observed}"
    lines = [f"{head}{countdown(one, today)}{since(one)}"]
    if seen.outcome in {Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR} and one.root is None:
        lines.append(f"{indent}    wanted: {item.requirement}")
        lines.append(f"{indent}    fix: {seen.fix or 'see above'} Owner: {item.owner}")
    return lines
