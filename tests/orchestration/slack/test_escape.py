# ruff: noqa: RUF001 - characters that look alike are what is tested

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.slack.errors import SlackMessageError
from orchestration.slack.escape import checked_url, code, escape, link

ANY = st.text(max_size=300) | st.text(alphabet="<>&@!*_~`:/.#|a1 \n\u202e", max_size=300)
ENTITY = re.compile(r"&(?:amp|lt|gt);")


@given(ANY, st.integers(20, 400))
def test_no_escaped_text_starts_anything_special(text: str, limit: int) -> None:
    shown = escape(text, limit)
    assert not set("<>@*~`#|\n") & set(shown)
    assert "&" not in ENTITY.sub("", shown)
    assert "://" not in shown
    assert not re.search(r":[\w+'-]*(:|$)", ENTITY.sub("&", shown))
    assert not re.search(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", shown)
    assert not re.search(r"\w\.[^\W\d_]{2}", shown)
    assert not shown.startswith("&gt;")


@given(ANY, st.integers(20, 400))
def test_code_never_ends_before_its_end(text: str, limit: int) -> None:
    shown = code(text, limit)
    assert shown[0] == shown[-1] == "`"
    assert len(shown) > 2
    assert not set("<>`@\n") & set(shown[1:-1])
    assert "&" not in ENTITY.sub("", shown)


@given(ANY, st.integers(20, 400))
def test_no_text_is_longer_than_its_limit_however_often_it_is_escaped(
    text: str, limit: int
) -> None:
    once = escape(text, limit)
    assert len(once) <= limit
    assert len(escape(once, limit)) <= limit
    assert len(code(text, limit)) <= limit


@given(st.text(max_size=100))
def test_nothing_invisible_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in escape(text) + code(text)}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("R&D <b>", "R&amp;D &lt;b&gt;"),
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("@channel @here", "＠channel ＠here"),
        ("<https://evil.example|Sign in>", "&lt;https[:]//evil[.]example¦Sign in&gt;"),
        ("go to evil.example now", "go to evil[.]example now"),
        ("*bold* _slanted_ ~gone~ `code`", "∗bold∗ ˍslantedˍ ∼gone∼ ˋcodeˋ"),
        ("user_id is fine", "user_id is fine"),
        ("score 0.97, v1.2", "score 0.97, v1.2"),
        ("one\ntwo\t three", "one two three"),
        (">>> quote", "› quote"),
        (":smile: 10:05 UTC", "꞉smile: 10:05 UTC"),
        ("abc\u202edcba\u200b\ufeff", "abcdcba"),
        ("blank\u3164\u2800\ufe0f", "blank"),
        ("write to ann.lee@example.com", "write to [e-mail]"),
        ("from 192.0.2.7:443", "from [address]꞉443"),
        ("from 2001:db8::1 and ::1", "from [address] and [address]"),
        ("at 10:05:30", "at 10꞉05꞉30"),
        ("", ""),
    ],
)
def test_a_text_is_shown_as(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert escape("word " * 100, 20) == "word word word word…"


def test_an_entity_is_never_cut() -> None:
    assert escape("&" * 10, 12) == "&amp;&amp;…"


def test_an_empty_identifier_is_a_dash() -> None:
    assert code("\u200b") == "`-`"


def test_an_identifier_keeps_its_underscores_and_dots() -> None:
    assert code("docs/runbooks/mass_dm.md") == "`docs/runbooks/mass_dm.md`"


def test_a_link_says_where_it_goes() -> None:
    assert (
        link("https://dagster.example.com/runs?a=1&b=2", "Open in Dagster")
        == "<https://dagster.example.com/runs?a=1&amp;b=2|Open in Dagster>"
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "slack://open",
        "/runs/1",
        "https://a b",
        "https://a|b",
        "https://a>b",
        "https://a\u202eb",
        "",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(SlackMessageError, match="is no link"):
        checked_url(url)


def test_a_huge_text_is_read_only_so_far() -> None:
    assert len(escape("x" * 5_000_000)) == 200
