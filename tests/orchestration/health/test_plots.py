import base64
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from orchestration.health.plots import bars
from tests.support.lakes import at

SVG = "{http://www.w3.org/2000/svg}"
START = at("2026-03-02T09:00")


def drawn(markdown: str) -> ET.Element:
    found = re.fullmatch(r"!\[.*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert found is not None
    return ET.fromstring(base64.b64decode(found[1]))  # noqa: S314 - our own picture


def points(*counts: int) -> list[tuple[datetime, int]]:
    return [(START + timedelta(hours=n), count) for n, count in enumerate(counts)]


def test_nothing_is_a_sentence() -> None:
    assert bars([], title="Findings") == "Findings: no evaluation yet."


def test_each_count_is_a_bar_as_high_as_its_share_of_the_highest() -> None:
    picture = bars(points(1, 0, 4), title="Findings")
    assert picture.startswith("![Findings: 5 in all](")
    svg = drawn(picture)
    assert [r.attrib for r in svg.iter(f"{SVG}rect")] == [
        {"x": "0.0", "y": "54.5", "width": "119.0", "height": "13.5"},
        {"x": "240.0", "y": "14.0", "width": "119.0", "height": "54.0"},
    ]
    assert [t.text for t in svg.iter(f"{SVG}text")] == [
        "Findings, at most 4",
        "02 Mar 09:00",
        "02 Mar 11:00 UTC",
    ]


def test_zeros_are_a_line_without_bars() -> None:
    svg = drawn(bars(points(0, 0), title="Findings"))
    assert list(svg.iter(f"{SVG}rect")) == []
    assert next(svg.iter(f"{SVG}text")).text == "Findings, at most 0"


def test_a_single_point_fills_the_picture() -> None:
    (bar,) = drawn(bars(points(7), title="Findings")).iter(f"{SVG}rect")
    assert (bar.attrib["x"], bar.attrib["width"]) == ("0.0", "359.0")


def test_a_thousand_points_are_thin_and_inside() -> None:
    found = list(drawn(bars(points(*[1] * 1000), title="Findings")).iter(f"{SVG}rect"))
    assert len(found) == 1000
    assert {bar.attrib["width"] for bar in found} == {"0.5"}
    assert float(found[-1].attrib["x"]) < 360


@pytest.mark.parametrize("title", ["a < b & c", 'say "hi"', "</text><script>", "[x](y)"])
def test_a_title_is_shown_as_it_is_and_never_read_as_markup(title: str) -> None:
    picture = bars(points(1), title=title)
    assert next(drawn(picture).iter(f"{SVG}text")).text == f"{title}, at most 1"


def test_brackets_in_a_title_do_not_end_the_words_of_the_picture() -> None:
    picture = bars(points(1), title=r"a]b[c\d")
    assert picture.startswith(r"![a\]b\[c\\d: 1 in all](data:")
