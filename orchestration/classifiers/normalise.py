"""Texts made alike: disguises taken off, and links, names and numbers put as signs.

One spelling for what is written in many ways lets a model know on one platform what it learned on
another. `normalised` is for features, `text_id` for telling texts apart: two with one id are one.
"""

import hashlib

import polars as pl

HEAD, TAIL = 1000, 500  # characters that are looked at: what is hidden stands at an end
HIDDEN = (
    r"[\u{00ad}\u{034f}\u{061c}\u{180e}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2064}\u{feff}]"
)
ALIKE = {  # Cyrillic letters that look Latin
    "\u0430": "a",
    "\u0435": "e",
    "\u043e": "o",
    "\u0440": "p",
    "\u0441": "c",
    "\u0445": "x",
    "\u0443": "y",
    "\u0456": "i",
    "\u0455": "s",
}
LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
LINK, SOMEBODY, NUMBER, MAIL = " xxlink ", " xxuser ", " xxnum ", " xxmail "


def normalised(texts: pl.Series) -> pl.Series:
    """Each text in small letters without disguise; null stays null.

    Taken off: letters that no one sees, letters of another style (NFKC), Cyrillic ones that pass
    for Latin, and digits and signs that stand for a letter between two. A link, a mention, an
    address and a number are each a word of their own. Of a long text its ends are looked at.
    """
    return _told(_ends(texts.cast(pl.String)))


def _told(texts: pl.Series) -> pl.Series:
    told = texts.str.normalize("NFKC").str.to_lowercase()
    seen = told.str.replace_all(HIDDEN, "")
    signs = (
        seen.str.replace_all(r"(?:https?://|www\.)\S+|\[url\]", LINK)
        .str.replace_all(r"\S+@\S+\.\w+", MAIL)
        .str.replace_all(r"@\w+|\[user\]", SOMEBODY)
        .str.replace_all(r"[£€$]\s?\d[\d.,]*", " xxmoney xxnum ")
        .str.replace_all(r"\+?\d[\d\-() ]{8,}\d", " xxphone ")
        .str.replace_all(r"\b\d[\d.,:]*\b", NUMBER)
    )
    latin = signs.str.replace_many(list(ALIKE), list(ALIKE.values()))
    return _plain_words(latin)


def _ends(texts: pl.Series) -> pl.Series:
    """A long text as its beginning and its end."""
    ends = texts.str.slice(0, HEAD) + " " + texts.str.slice(-TAIL)
    return texts.zip_with((texts.str.len_chars() <= HEAD + TAIL).fill_null(value=True), ends)


def _plain_words(texts: pl.Series) -> pl.Series:
    """Words with a sign or a digit among their letters, as the letters that these stand for."""
    found = texts
    for sign, letter in LEET.items():
        pattern = rf"([a-z]){_escaped(sign)}([a-z])"
        found = found.str.replace_all(pattern, f"${{1}}{letter}${{2}}")
    return found


def _escaped(sign: str) -> str:
    return f"[{sign}]" if sign in "$!@" else sign


def text_ids(texts: pl.Series) -> pl.Series:
    """An id of each text, equal for those that differ in spelling only; null for a null text."""
    plain = _told(texts.cast(pl.String)).str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return plain.map_elements(_digest, return_dtype=pl.String)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
