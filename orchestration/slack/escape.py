"""Makes any text safe in a Slack message: no mention, link or format comes of it.

Slack reads `<…>` everywhere and `* _ ~` and backticks in texts that are formatted; its clients
make links of bare addresses and pictures of `:words:`. What only looks like such a thing is
replaced by a character that looks alike and means nothing. Invisible characters are removed, and
e-mail and network addresses are masked: they never belong in a message.
"""

import re
import unicodedata

from orchestration.slack.errors import SlackMessageError

ELLIPSIS = "…"
LONGEST = 10_000  # characters that are read of a text; what is shown is far shorter
EMAIL = re.compile(r"[^\s@<>()]+@[^\s@<>()]+")
IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d)")
IPV6 = re.compile(
    r"(?<![\w:])(?:(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{1,4}|[0-9a-f:]*::[0-9a-f:]+)(?!\w)",
    re.IGNORECASE,
)
BARE_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
QUOTE = re.compile(r"^[>\s]*>")
EMOJI = re.compile(r":(?=[\w+'-]*(?::|$))")
LONE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
SPACES = re.compile(r"\s+")
# Letters and marks without a shape: fillers, joiners, the blank of Braille, selectors.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ALIKE = str.maketrans({"@": "＠", "*": "∗", "~": "∼", "`": "ˋ", "#": "＃", "|": "¦"})  # noqa: RUF001
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
URL = re.compile(r"https?://[^\x00-\x20\x7f-\U0010ffff<>|\"'`\\^{}]+")


def escape(text: str, limit: int = 200) -> str:
    """The text for any place of a message, at most `limit` characters with an ellipsis.

    A line break becomes a space; an address such as evil.example is written evil[.]example.
    """
    shown = _masked(_seen(text)).translate(ALIKE)
    shown = BARE_DOMAIN.sub("[.]", QUOTE.sub("›", shown).replace("://", "[:]//"))  # noqa: RUF001
    shown = EMOJI.sub("꞉", shown)  # noqa: RUF001
    return LONE_UNDERSCORE.sub("ˍ", _entities(shown, limit))


def code(text: str, limit: int = 80) -> str:
    """The text between backticks, where nothing is formatted: identifiers, paths, commands.

    An empty text becomes a dash, as Slack shows two backticks as such.
    """
    shown = _masked(_seen(text)).translate(ALIKE).replace("://", "[:]//")
    return f"`{_entities(shown, limit - 2) or '-'}`"


def link(url: str, words: str) -> str:
    """A link with words that say where it goes; `words` are escaped here."""
    return f"<{checked_url(url).replace('&', '&amp;')}|{escape(words, 75)}>"


def checked_url(url: str) -> str:
    """The address itself, or SlackMessageError if it is none that a person may be sent to."""
    if not URL.fullmatch(url):
        raise SlackMessageError(
            f"An address of {len(url)} characters is no link; wanted one that begins with "
            "https:// or http:// and has no space, quote, < > or |."
        )
    return url


def _seen(text: str) -> str:
    spaced = SPACES.sub(" ", text[:LONGEST])
    return "".join(char for char in spaced if not _unseen(char)).strip()


def _unseen(char: str) -> bool:
    return (
        char in BLANK
        or unicodedata.category(char) in UNSEEN
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )


def _masked(text: str) -> str:
    text = EMAIL.sub("[e-mail]", text)
    return IPV6.sub("[address]", IPV4.sub("[address]", text))


def _entities(text: str, limit: int) -> str:
    """Replace `& < >`, and cut before the piece that would not fit with an ellipsis."""
    pieces = [ENTITIES.get(char, char) for char in text]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    kept, room = [], limit - len(ELLIPSIS)
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return ("".join(kept).rstrip() + ELLIPSIS)[: max(limit, 0)]
