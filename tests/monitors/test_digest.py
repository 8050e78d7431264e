from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from monitors.activity import Activity, Baseline
from monitors.contract import Monitor, Severity
from monitors.digest import digest
from monitors.harms import Harm
from monitors.registry import registry

HEAD = '''"""Monitor."""

from monitors.detectors.ratio import ratio


'''
CODE = '''def score(x: int) -> int:
    """Prose."""
    return x + 1  # more prose
'''


def with_code(folder: Path, code: str, name: str = "m.py") -> str:
    path = folder / name
    path.write_text(code, encoding="utf-8")
    sql = "select" if name.endswith(".sql") else None
    return digest(replace(registry().get("web/scraping"), source=path, sql=sql))


def test_prose_changes_nothing(tmp_path: Path) -> None:
    first = with_code(tmp_path, HEAD + CODE)
    other = CODE.replace("Prose", "Other words").replace("  # more prose", "")
    assert with_code(tmp_path, HEAD.replace("Monitor.", "What?") + other) == first
    assert with_code(tmp_path, HEAD + CODE.replace("x + 1", "(x  + 1)")) == first


def test_code_changes_the_digest(tmp_path: Path) -> None:
    first = with_code(tmp_path, HEAD + CODE)
    assert with_code(tmp_path, HEAD + CODE.replace("x + 1", "x + 2")) != first


def test_the_code_of_shared_modules_counts(tmp_path: Path) -> None:
    plain = with_code(tmp_path, CODE)
    imports = (
        "from monitors.detectors.ratio import ratio\n",
        "from monitors.chat._attempts import ATTEMPT\n",
    )
    digests = [with_code(tmp_path, line + CODE) for line in imports]
    unshared = with_code(tmp_path, "from monitors.harms import Harm\n" + CODE)
    assert len({plain, unshared, *digests}) == 4


def test_sql_counts_and_its_comments_do_not(tmp_path: Path) -> None:
    first = with_code(tmp_path, "/* x = 1 */ select a -- it's prose\nfrom b", "m.sql")
    assert with_code(tmp_path, "/* x = 2 */ select a\n\n  from b -- other", "m.sql") == first
    assert with_code(tmp_path, "/* x = 1 */ select c from b", "m.sql") != first


def test_dashes_in_quotes_are_no_comment(tmp_path: Path) -> None:
    texts = ("/* x = 1 */ select '--a' from b", "/* x = 1 */ select '--c' from b")
    assert with_code(tmp_path, texts[0], "m.sql") != with_code(tmp_path, texts[1], "m.sql")


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 21.0},
        {"near": 13.0},
        {"action": "block"},
        {"harm": Harm.SPAM},
        {"severity": Severity.S0},
        {"cadence": "daily"},
        {"entity": "asn"},
        {"activity": (Activity("logins", by=("ip",)),)},
    ],
)
def test_what_the_declaration_decides_counts(change: dict[str, object]) -> None:
    monitor = registry().get("web/scraping")
    changed = Monitor(**{n: getattr(monitor, n) for n in monitor.__dataclass_fields__} | change)
    assert digest(changed) != digest(monitor)


def test_owner_runbook_and_mode_do_not_count() -> None:
    monitor = registry().get("web/scraping")
    assert digest(replace(monitor, owner="other", runbook="x.md", doc="x")) == digest(monitor)


def test_sums_look_back_and_season_count() -> None:
    monitor = registry().get("takedowns/notice_surge")
    sums = [{"value": pl.col("value").sum()}, {"value": pl.col("value").max()}]
    activities = [Activity("volumes", by=("metric",), sums=s) for s in sums]
    activities.append(Activity("volumes", by=("metric",), sums=sums[0], hourly=True))
    baselines = [Baseline(a) for a in activities]
    baselines += [Baseline(activities[0], days=7), Baseline(activities[0], season="hour_of_day")]
    assert len({digest(replace(monitor, baseline=(b,))) for b in baselines}) == 5
