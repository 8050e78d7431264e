import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from monitors import detectors

PAGE = (Path(__file__).parent.parent / "docs" / "detectors.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```(?:\s*```text\n(?P<printed>.*?)```)?", re.DOTALL)
SETUP, *EXAMPLES = EXAMPLE.finditer(PAGE)
ROWS = re.findall(r"^\| (?:\[`(\w+)`\]\(#(\w+)\)|`(\w+)`) \|", PAGE, re.MULTILINE)
LINKED = [name for name, _, _ in ROWS if name]


def test_every_detector_file_is_listed() -> None:
    files = {path.stem for path in Path(detectors.__path__[0]).glob("[!_]*.py")}
    assert files <= {linked or plain for linked, _, plain in ROWS}


def test_every_link_leads_to_a_section_with_an_example() -> None:
    sections = re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)
    assert [anchor for _, anchor, _ in ROWS if anchor] == LINKED == sections
    imported = [re.findall(r"monitors\.detectors\.(\w+)", found["code"]) for found in EXAMPLES]
    assert imported == [[name] for name in LINKED]


@pytest.mark.parametrize("example", EXAMPLES, ids=LINKED)
def test_an_example_prints_what_the_page_says(example: re.Match[str]) -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(SETUP["code"] + example["code"], {})  # noqa: S102 - the page's own examples
    assert printed.getvalue() == example["printed"]
