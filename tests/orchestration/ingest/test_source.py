from pathlib import Path

import pytest

from orchestration.ingest.errors import IngestError
from orchestration.ingest.source import Source, Unpivot

START = 'product = "shop"\ncontract = "prompts"\n'


def read(tmp_path: Path, text: str) -> Source:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    return Source.read(path)


def test_reads_a_mapping_and_takes_its_paths_from_its_own_folder(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        START + 'paths = ["logs/*.csv", "s3://bucket/x"]\nevent_id = ["a", "b"]\nextra = []\n'
        '[columns]\naccount_id = "who.id"\n[unpivot]\ncolumns = ["x"]\nname = "metric"\n',
    )
    assert source == Source(
        "shop",
        "prompts",
        paths=(f"{tmp_path}/logs/*.csv", "s3://bucket/x"),
        event_id=("a", "b"),
        extra=(),
        columns={"account_id": "who.id"},
        unpivot=Unpivot(columns=("x",), name="metric"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colums = 1", "unknown key 'colums'. Did you mean 'columns'?"),
        ('format = "jsnl"', "unknown format 'jsnl'. Did you mean 'jsonl'?"),
        ('shift = "days"', "unknown shift 'days'. Known: none, whole_weeks."),
        ('paths = "a.csv"', "'paths' is str; wanted a list of texts."),
        ('year = "2005"', "'year' is str; wanted a whole number."),
        ("year = 2005", "year is set without time_format;"),
        ("[columns]\nacount_id = 'x'", "no such column of 'prompts'. Did you mean 'account_id'?"),
        ("[columns]\nproduct = 'x'", "[columns] names 'product', which is no such column"),
        ("[columns]\naccount_id = 1", "'columns' is dict; wanted a table"),
        ("[text]\nip = 'x'", "[text] names 'ip', which is no such column of 'prompts'."),
        ("[constants]\nip = 'x'\n[columns]\nip = 'y'", "both name 'ip'; keep one."),
        ("[expressions]\nip = 'foo(a)'", "the SQL of 'ip' cannot be read: unsupported function"),
        ("where = '1 +'", "the SQL of 'where' cannot be read:"),
        ("format = 'regex'", "format 'regex' and pattern go together"),
        ("format = 'regex'\npattern = '(?P<a>'", "pattern is no regular expression"),
        ("format = 'regex'\npattern = 'a'", "pattern has no named group"),
        ("time_zone = 'Mars'", "unknown time_zone 'Mars'"),
        ("separator = ';;'", "separator must be one character"),
        ("[unpivot]\ncolumns = []", "[unpivot] needs columns"),
        ("[unpivot]\ncolumns = ['a']\nvalu = 'b'", "unknown key of [unpivot] 'valu'"),
        ("= 1", "is not TOML"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(IngestError) as caught:
        read(tmp_path, START + text)
    assert message in str(caught.value)
    assert "m.toml" in str(caught.value)


def test_a_missing_mapping_an_unknown_contract_and_a_strange_product_are_errors(
    tmp_path: Path,
) -> None:
    with pytest.raises(IngestError, match="cannot be read"):
        Source.read(tmp_path / "none.toml")
    with pytest.raises(
        IngestError, match="There is no event contract 'prompt'; known: account_changes, api_req"
    ):
        Source("shop", "prompt")
    with pytest.raises(IngestError, match="product must be lower-case"):
        Source("../shop", "prompts")
    with pytest.raises(IngestError, match="has no product"):
        read(tmp_path, 'contract = "prompts"')
