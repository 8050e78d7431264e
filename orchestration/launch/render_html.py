"""A report as one page that needs nothing else: no script, no font, no image from elsewhere."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files

from launch_checklists.item import Outcome
from launch_checklists.report import GOOD, Report, Result
from orchestration.launch.changes import Change, Earlier, changes
from orchestration.launch.render_text import countdown, headline, word

# The address of what shows an item in the Dagster UI; null where nothing does.
Link = Callable[[Result], str | None]
NOTHING = "<p>None.</p>"


def as_html(report: Report, *, link: Link, before: Earlier | None = None) -> str:
    """Verdict, what to mend with blockers first, waivers with their days, changes, all items."""
    ordered = report.ordered()
    wrong = [one for one in ordered if one.seen.outcome not in GOOD]
    let = [one for one in ordered if one.waiver is not None]
    parts = [
        _verdict(report),
        _section("To mend", _to_mend(wrong, link)),
        _section("Waived", _waived(let, report)),
        _section("Since the last report", _changed(report, before)),
        _section("All items", _table(ordered, link)),
    ]
    title = f"{report.product} at {report.stage} %"
    return page(title, headline(report), "".join(parts))


def page(title: str, heading: str, body: str) -> str:
    """A whole document around a body."""
    style = files("orchestration.launch").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: launch</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">To the report</a>\n'
        f"<header>\n<h1>{escape(heading)}</h1>\n</header>\n"
        f'<main id="main" tabindex="-1">\n{body}</main>\n</body>\n</html>\n'
    )


def _verdict(report: Report) -> str:
    counts = {
        outcome: sum(one.seen.outcome is outcome for one in report.results) for outcome in Outcome
    }
    text = ", ".join(f"{n} {word(outcome)}" for outcome, n in counts.items() if n)
    return (
        f'<div class="verdict {report.verdict.value}"><p><strong>{escape(report.verdict.value)}'
        f"</strong>: {escape(text)} of {len(report.results)} items.</p>"
        f'<p class="quiet">State <code>{report.digest}</code>: what people sign.</p></div>\n'
    )


def _section(heading: str, body: str) -> str:
    name = heading.lower().replace(" ", "-")
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{heading}</h2>\n{body}\n</section>\n'
    )


def _to_mend(wrong: Sequence[Result], link: Link) -> str:
    heads = [one for one in wrong if one.root is None]
    if not heads:
        return NOTHING
    rows = []
    for head in heads:
        under = [_line(one, link) for one in wrong if one.root == head.item.id]
        inner = f"<ol><li>{'</li><li>'.join(under)}</li></ol>" if under else ""
        rows.append(f"<li>{_line(head, link)}{_remedy(head)}{inner}</li>")
    return f'<ol class="items">{"".join(rows)}</ol>'


def _line(one: Result, link: Link) -> str:
    version = f" v{one.version}" if one.version is not None else ""
    outcome = f'<span class="outcome {one.seen.outcome.value}">{word(one.seen.outcome)}</span>'
    name = _linked(f"<code>{escape(one.item.id)}</code>", link(one))
    return f"<p>{outcome} {one.item.level} {name}{version}: {escape(one.seen.observed)}</p>"


def _linked(text: str, address: str | None) -> str:
    return f'<a href="{escape(address, quote=True)}">{text}</a>' if address else text


def _remedy(one: Result) -> str:
    rows = {
        "Wanted": one.item.requirement,
        "Fix": one.seen.fix,
        "Owner": one.item.owner,
        "Since": f"{one.seen.since:%Y-%m-%d %H:%M} UTC" if one.seen.since else "",
    }
    cells = (f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows.items() if text)
    return f"<dl>{''.join(cells)}</dl>"


def _waived(let: Iterable[Result], report: Report) -> str:
    today = report.at.date()
    rows = [
        f"<li><code>{escape(one.item.id)}</code>: {escape(one.seen.observed)}"
        f"<strong>{escape(countdown(one, today))}</strong></li>"
        for one in let
    ]
    return f'<ul class="items">{"".join(rows)}</ul>' if rows else NOTHING


def _changed(report: Report, before: Earlier | None) -> str:
    if before is None:
        return "<p>This is the first one.</p>"
    found = changes(report, before)
    head = f"<p>Before, at {before.at:%Y-%m-%d %H:%M} UTC: {escape(before.verdict)}.</p>"
    rows = "".join(f"<li>{_change(one)}</li>" for one in found)
    return f'{head}<ul class="items">{rows}</ul>' if rows else f"{head}<p>No item changed.</p>"


def _change(one: Change) -> str:
    was, now = one.before or "not there", one.now or "not there"
    return f"<code>{escape(one.item)}</code>: {escape(was)}, now {escape(now)}"


def _table(results: Iterable[Result], link: Link) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Item", "Outcome", "Wanted", "Seen"))
    rows = "".join(
        f'<tr><th scope="row">{_linked(f"<code>{escape(one.item.id)}</code>", link(one))}</th>'
        f'<td class="outcome {one.seen.outcome.value}">{word(one.seen.outcome)}</td>'
        f"<td>{escape(one.item.requirement)}</td><td>{escape(one.seen.observed)}</td></tr>"
        for one in results
    )
    label = 'role="region" aria-label="Every item" tabindex="0"'
    return (
        "<details><summary>Show every item</summary>"
        f'<div class="scroll" {label}><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
