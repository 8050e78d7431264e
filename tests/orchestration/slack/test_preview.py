import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli.slack_preview import preview
from orchestration.slack.preview import formatted, page
from orchestration.slack.samples import dialogs, samples

ROOT = Path(__file__).parents[3]
PAGE = page(samples(), dialogs())
EMPTY = {"meta", "br", "input"}


class Tags(HTMLParser):
    """The tags of a page; says which do not close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags() -> Tags:
    parser = Tags()
    parser.feed(PAGE)
    parser.close()
    return parser


def test_the_page_in_docs_is_the_one_of_today() -> None:
    assert (ROOT / "docs" / "slack-messages.html").read_text(encoding="utf-8") == PAGE


def test_every_tag_is_closed_in_order() -> None:
    assert tags().open == []


def test_the_page_loads_nothing() -> None:
    for tag, attributes in tags().seen:
        assert tag not in {"script", "link", "img", "iframe", "object", "form"}
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"@import|url\(", PAGE)


def test_every_heading_can_be_reached_from_the_top() -> None:
    seen = tags().seen
    ids = {attributes["id"] for tag, attributes in seen if tag == "section"}
    targets = {attributes["href"] for tag, attributes in seen if tag == "a"}
    assert {f"#{name}" for name in ids} <= targets
    assert len(ids) == len(samples()) + len(dialogs())


def test_every_choice_has_a_name_for_screen_readers() -> None:
    for tag, attributes in tags().seen:
        assert tag != "select" or attributes["aria-label"]
    assert 'lang="en"' in PAGE


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* and _it_", "<strong>bold</strong> and <em>it</em>"),
        ("`a_b*c*`", "<code>a_b*c*</code>"),
        ("a &amp; b &lt;c&gt;", "a &amp; b &lt;c&gt;"),
        ("<https://a.example/?x=1&amp;y=2|Go>", '<a href="https://a.example/?x=1&amp;y=2">Go</a>'),
        ("<@U123>", '<span class="mention">@U123</span>'),
        ("one\ntwo", "one<br>two"),
        ("mass_dm and 2*3*4", "mass_dm and 2*3*4"),
        (
            "<!date^1795316700^{date_short_pretty} at {time}|22 Nov 03:05 UTC>",
            '<time datetime="2026-11-22T03:05Z">today at 03:05</time>',
        ),
        ('"&lt;b&gt;"', '"&lt;b&gt;"'),
    ],
)  # fmt: skip
def test_slacks_format_becomes_html(text: str, html: str) -> None:
    assert formatted(text) == html


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = CliRunner().invoke(preview, ["--out", str(out)])
    assert (done.exit_code, done.output) == (0, "")
    assert out.read_text(encoding="utf-8") == PAGE


def test_the_command_prints_the_page_without_a_file() -> None:
    done = CliRunner().invoke(preview, [])
    assert (done.exit_code, done.output) == (0, PAGE)
