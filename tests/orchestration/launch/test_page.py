"""The page of a report in headless Chromium: for eyes, keyboards and readers, wide and narrow."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from launch_checklists.report import Result
from orchestration.launch.changes import Earlier, outcomes
from orchestration.launch.portfolio import as_portfolio
from orchestration.launch.render_html import as_html
from tests.support.launch import NOW, granted, report, waiver
from tests.support.launch_broken import BROKEN

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).parents[3] / ".ci/node/node_modules/axe-core/axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
STOPPED = BROKEN["a schedule is stopped"][0].monitors
WRONG = report(
    replace(granted(waiver()), runbooks={}, monitors=STOPPED),
    waivers=[waiver()],
)
BEFORE = Earlier(NOW - timedelta(hours=1), "pass", outcomes(report()))


def link(one: Result) -> str | None:
    return f"http://127.0.0.1:3000/assets/{one.item.asset}" if one.item.asset else None


PAGES = {
    "wrong": as_html(WRONG, link=link, before=BEFORE),
    "fine": as_html(report(), link=link),
    "portfolio": as_portfolio([WRONG, report()]),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Debian's package chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def shown(browser: Browser, name: str, width: int, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_content(PAGES[name])
    for part in page.locator("details").all():
        part.evaluate("one => { one.open = true }")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    browser: Browser, name: str, width: int, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("needs axe-core: npm install --prefix .ci/node")
    page = shown(browser, name, width, scheme)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("() => axe.run()")
    assert [(one["id"], one["impact"]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.close()


def test_all_of_it_can_be_reached_by_keyboard_alone(browser: Browser) -> None:
    page = shown(browser, "wrong", 1280)
    focused = "() => document.activeElement.textContent.trim()"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "To the report"
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "monitors.voice_notes/mass_notes.scheduled"
    page.locator("details").evaluate("one => { one.open = false }")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("table").is_visible()
    page.close()


def test_the_page_needs_nothing_from_elsewhere_and_quotes_what_it_shows(browser: Browser) -> None:
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(PAGES["wrong"])
    assert asked == []
    assert "<script" not in PAGES["wrong"]
    evil = report(BROKEN["a monitor's file does not load"][0])
    first = evil.ordered()[0]
    seen = replace(first, seen=replace(first.seen, observed="<b>bold</b>"))
    text = as_html(replace(evil, results=(seen,)), link=link)
    assert "&lt;b&gt;bold" in text
    assert "<b>bold" not in text
    page.close()


def test_blockers_come_first_then_waivers_with_their_days_then_what_changed(
    browser: Browser,
) -> None:
    page = shown(browser, "wrong", 1280)
    headings = page.locator("h2").all_inner_texts()
    assert headings == ["To mend", "Waived", "Since the last report", "All items"]
    first = page.locator("ol.items > li").first.inner_text()
    assert first.startswith("FAIL blocker monitors.voice_notes/mass_notes.scheduled v3")
    assert "5 days left." in page.locator("section", has_text="Waived").first.inner_text()
    assert page.get_by_text("runbooks.spam: pass, now waived").is_visible()
    page.close()
