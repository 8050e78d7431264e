"""A report as Markdown, for a pull request or the Dagster UI."""

from collections.abc import Iterable

from launch_checklists.item import Outcome
from launch_checklists.report import Report, Result
from orchestration.launch.render_text import countdown, headline, word

WRONG = {Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR}


def as_markdown(report: Report) -> str:
    """What is wrong with its remedy, waivers with their last day, then everything in a table."""
    ordered = report.ordered()
    wrong = [one for one in ordered if one.seen.outcome in WRONG]
    let = [one for one in ordered if one.waiver is not None]
    parts = [f"# {headline(report)}", ""]
    if wrong:
        parts += ["## To mend", "", *(_point(one) for one in wrong), ""]
    if let:
        today = report.at.date()
        parts += ["## Waived", ""]
        parts += [f"- `{one.item.id}`: {one.seen.observed}{countdown(one, today)}" for one in let]
        parts += [""]
    parts += ["## All items", "", *_table(ordered), "", f"State `{report.digest}`.", ""]
    return "\n".join(parts)


def _point(one: Result) -> str:
    if one.root is not None:
        return f"  - {word(one.seen.outcome)} `{one.item.id}`: follows from `{one.root}`"
    head = f"- **{word(one.seen.outcome)}** {one.item.level} `{one.item.id}`: {one.seen.observed}"
    return f"{head} Wanted: {one.item.requirement} Fix: {one.seen.fix} Owner: {one.item.owner}."


def _table(results: Iterable[Result]) -> list[str]:
    rows = ["| outcome | level | item | required | observed |", "|---|---|---|---|---|"]
    for one in results:
        cells = [
            word(one.seen.outcome),
            one.item.level.value,
            f"`{one.item.id}`",
            one.item.requirement,
            one.seen.observed,
        ]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return rows
