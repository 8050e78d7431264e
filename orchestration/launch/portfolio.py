"""All products on one page: what may begin, and what is to be mended first."""

from collections.abc import Sequence
from html import escape

from launch_checklists.report import Report
from orchestration.launch.render_html import page
from orchestration.launch.render_text import HEAD


def as_portfolio(reports: Sequence[Report]) -> str:
    """One row per product, those that may not begin first."""
    ordered = sorted(reports, key=lambda one: (one.exit_code() == 0, one.product))
    rows = "".join(_row(one) for one in ordered)
    names = ("Product", "Stage", "Verdict", "Stops it", "First to mend", "Owner")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    label = 'role="region" aria-label="Products" tabindex="0"'
    body = f'<div class="scroll" {label}>{table}</div>' if rows else "<p>No checklist is there.</p>"
    at = f" as of {reports[0].at:%Y-%m-%d %H:%M} UTC" if reports else ""
    return page("Launches", f"Launches{at}", body)


def _row(report: Report) -> str:
    stopping = [one for one in report.ordered() if one.stops and one.root is None]
    first = stopping[0].item if stopping else None
    outcome = "pass" if report.exit_code() == 0 else "fail"
    cells = (
        f"{report.stage} %",
        f'<span class="outcome {outcome}">{HEAD[report.verdict]}</span>',
        str(len(stopping)),
        f"<code>{escape(first.id)}</code>" if first else "nothing",
        escape(first.owner) if first else "",
    )
    inner = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(report.product)}</th>{inner}</tr>'
