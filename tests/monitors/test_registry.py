from pathlib import Path

import pytest

from monitors.errors import ContractError, MonitorError
from monitors.registry import Registry, Table, contract_of, contracts, discover, registry

PYTHON = '''
from datetime import timedelta
import polars as pl
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

@monitor(
    product="{product}", harm=Harm.SPAM, entity="account_id", version=1, authors=("ann",),
    owner="team", threshold=1, window=timedelta(hours=1), cadence="hourly",
    severity=Severity.S3, action="review", runbook="x.md", canary=(Rows("logins", n=1),),
)
def {name}({table}: pl.LazyFrame) -> pl.LazyFrame:
    """Behaviour."""
    return {table}
'''
SQL = """/*
product = "shop"
harm = "spam"
entity = "account_id"
version = 1
authors = ["ann"]
owner = "team"
threshold = 1
window = "1h"
cadence = "hourly"
severity = "S3"
action = "review"
runbook = "x.md"
reads = ["logins"]
doc = "Behaviour."
canary = [{ contract = "logins", n = 1 }]
*/ select 1"""


def found_in(root: Path, **files: str) -> Registry:
    """Registry of the files in `shop/`; a name's last part after `__` is its ending."""
    folder = root / "shop"
    folder.mkdir()
    for name, text in files.items():
        stem, ending = name.rsplit("__", 1)
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return discover(root, f"trial_{root.name}")


def python(name: str, product: str = "shop", table: str = "logins") -> str:
    return PYTHON.format(name=name, product=product, table=table)


def test_a_file_is_a_monitor_without_any_list(tmp_path: Path) -> None:
    found = found_in(tmp_path, one__py=python("one"), two__sql=SQL, _shared__py="X = 1")
    assert list(found.monitors) == ["shop/one", "shop/two"]
    assert found.broken == {}
    assert found.products == ["shop"]


def test_a_broken_file_is_broken_alone(tmp_path: Path) -> None:
    found = found_in(tmp_path, bad__py="import nothing_of_this_name", good__py=python("good"))
    assert list(found.monitors) == ["shop/good"]
    assert found.broken["shop/bad"].error == (
        "ModuleNotFoundError: No module named 'nothing_of_this_name'"
    )
    assert (found.broken["shop/bad"].id, found.products) == ("shop/bad", ["shop"])
    with pytest.raises(MonitorError, match="'shop/bad' does not load: ModuleNotFoundError"):
        found.get("shop/bad")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (", "SyntaxError"),
        ("", r"declares \[\]; a file declares one monitor, named as the file: 'bad'"),
        (python("other"), r"declares \['other'\]; a file declares one"),
        (python("bad", product="web"), "declares product 'web' and lies in 'shop'"),
        (python("bad", table="loggins"), "There is no table 'loggins'"),
        (python("bad", table="logins_text"), "There is no table 'logins_text'"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path: Path, text: str, message: str) -> None:
    found = found_in(tmp_path, bad__py=text)
    assert found.monitors == {}
    with pytest.raises(MonitorError, match=message):
        found.get("shop/bad")


def test_two_files_of_one_name_are_both_refused(tmp_path: Path) -> None:
    found = found_in(tmp_path, twice__py=python("twice"), twice__sql=SQL)
    assert found.monitors == {}
    assert "as .py and as .sql; keep one" in found.broken["shop/twice"].error


def test_an_unknown_name_is_answered_with_those_alike() -> None:
    with pytest.raises(MonitorError, match=r"no monitor 'web/scrapping'.*web/scraping"):
        registry().get("web/scrapping")


def test_tables_are_read_by_their_name() -> None:
    assert Table.parse("logins") == Table("events", "logins")
    assert Table.parse("prompts_text") == Table("text", "prompts")
    assert Table.parse("logins_activity") == Table("activity", "logins")
    assert Table.parse("api_requests_baseline") == Table("baseline", "api_requests")
    assert Table.parse("period") == Table("period", "")


def test_an_unknown_contract_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ContractError, match=r"no event contract 'login'; known: account_changes, api_requests, "
    ):
        contract_of("login")


def test_every_contract_says_what_each_column_means() -> None:
    for contract in contracts().values():
        assert contract.account in contract.schema
        for column in (*contract.all_columns, *contract.text):
            assert column.doc.endswith("."), (contract.name, column.name)


def test_a_folder_may_not_redefine_a_known_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = tmp_path / "redefining" / "events"
    events.mkdir(parents=True)
    (events / "logins.py").write_text(
        "from monitors.columns import Contract\n"
        "CONTRACT = Contract(name='logins', doc='Other.', columns=())\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ContractError, match="redefines the event contract 'logins'; rename it"):
        discover(tmp_path / "redefining", "redefining")
