import io
import re
from contextlib import redirect_stdout
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "docs" / "quality.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n```text\n(?P<printed>.*?)```", re.DOTALL)


def test_the_examples_print_what_the_page_says() -> None:
    names: dict[str, object] = {}
    examples = list(EXAMPLE.finditer(PAGE))
    assert len(examples) == PAGE.count("```python") > 0
    for example in examples:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(example["code"], names)  # noqa: S102 - the page's own examples
        assert printed.getvalue() == example["printed"]
