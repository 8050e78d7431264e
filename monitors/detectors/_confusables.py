"""Names as they look: letters that imitate other letters become those.

A small table of our own in the manner of Unicode Technical Standard 39. Fullwidth, mathematical
and accented letters need no table: compatibility decomposition takes them apart.
"""

import polars as pl

CYRILLIC = "аa вb еe ԁd һh іi јj кk ӏl мm нh оo пn рp ԛq сc тt уy ѵv ԝw хx ѕs"  # noqa: RUF001
GREEK = "αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw μu"  # noqa: RUF001
OTHER = "օo սu հh ɑa ɡg øo łl đd ħh"  # noqa: RUF001
SIGNS = "0o 1l 3e 4a 5s 7t @a $s"  # digits and signs that stand for letters
PAIRS = f"{CYRILLIC} {GREEK} {OTHER} {SIGNS} ıi".split()  # noqa: RUF001
LETTERS = {pair[0]: pair[1] for pair in PAIRS} | {"ß": "ss", "æ": "ae", "œ": "oe"}
ALIKE = {"i": "l", "rn": "m", "vv": "w"}  # hard to tell apart in many fonts


def skeleton(name: pl.Expr) -> pl.Expr:
    """What a name looks like: words of plain lower-case letters, one space between.

    Two names that look alike have one skeleton; it is for comparing, not for reading.
    """
    plain = name.str.normalize("NFKD").str.replace_all(r"[\p{M}\p{Cf}]", "").str.to_lowercase()
    words = plain.str.replace_all(r"(^|\s)@", "$1")  # a handle's sign is no letter
    letters = words.str.replace_many(list(LETTERS), list(LETTERS.values()))
    alike = letters.str.replace_many(list(ALIKE), list(ALIKE.values()))
    return alike.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars(" ")
