import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "measurement.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n```text\n(?P<printed>.*?)```", re.DOTALL)


def test_the_examples_print_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # they read a sample
    names: dict[str, object] = {}
    examples = list(EXAMPLE.finditer(PAGE))
    assert len(examples) == PAGE.count("```python") > 0
    for example in examples:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(example["code"], names)  # noqa: S102 - the page's own examples
        assert printed.getvalue() == example["printed"]


def test_every_module_is_listed() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE.split("## Estimators")[1], re.MULTILINE)
    files = {path.stem for path in (ROOT / "orchestration" / "measurement").glob("*.py")}
    assert set(listed) <= files
    assert {"rates", "recall", "allocation", "agreement", "dawid_skene", "reviewers"} < set(listed)
