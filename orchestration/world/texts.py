"""Simulated texts: everyday words put together at random, and spun templates. All harmless.

Equal texts have equal hashes; ordinary texts that share all but their last words share a template.
"""

import hashlib
import re
from functools import cache

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, Whole, generator, pick
from orchestration.world.wording import COMMON, PARTS, SLOTS, WORDS

LANGUAGES = list(WORDS)
PHRASES = 512  # of each language
PUBLIC = 400  # jailbreaks that go round among the curious
FIRST_PUBLIC = len(LANGUAGES) * PHRASES
FIRST_COMMON = FIRST_PUBLIC + PUBLIC
NOTHING = FIRST_PUBLIC  # among later phrases: the empty one
DIGITS = 10**15
OWN_WORDS = 14  # of a template
WORDINGS = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def ordinary(
    rng: Generator, languages: Whole, *, origin: Whole | None = None, public: Whole | None = None
) -> pl.DataFrame:
    """What people write, one row per language given: text, its hashes, language and characters.

    `origin` is the row that a row rephrases, itself if none. `public` is a jailbreak that goes
    round (-1: none, -2: one in words of its own). `template_hash` is null for very short texts.
    """
    n = len(languages)
    itself = np.arange(n)
    languages = languages if public is None else np.where(public == -1, languages, 0)
    base = languages * PHRASES
    first, *later = (base + rng.integers(0, PHRASES, n) for _ in range(4))
    short = rng.random(n) < 0.06
    for phrase, share in zip(later, (0.95, 0.75, 0.6), strict=True):
        phrase[short | (rng.random(n) > share)] = NOTHING
    first = np.where(short, FIRST_COMMON + rng.integers(0, len(COMMON), n), first)
    if public is not None:
        known = public >= 0
        any_of_them = FIRST_PUBLIC + rng.integers(0, PUBLIC, n)
        first = np.where(public == -1, first, np.where(known, FIRST_PUBLIC + public, any_of_them))
        later[0], later[1] = (np.where(known, NOTHING, phrase) for phrase in later[:2])
    same = itself if origin is None else origin
    first, later[0], later[1] = first[same], later[0][same], later[1][same]
    template = _mixed(first, later[0], later[1], np.zeros(n, np.int64))
    openings, rest = _phrases()
    parts = [openings.gather(first), *(rest.gather(phrase) for phrase in later)]
    return (
        pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
        .select(text=pl.concat_str(pl.all()))
        .with_columns(
            text_hash=_digits(_mixed(first, *later)),
            template_hash=_digits(template).set(pl.Series(first >= FIRST_COMMON), None),
            language=pl.Series(LANGUAGES).gather(languages),
            characters=pl.col("text").str.len_chars().cast(pl.Int64),
        )
    )


def composed(rng: Generator, kind: str) -> str:
    """A template of one kind: one sentence at random of each of its parts, to be spun.

    Of its wordings, too, the first is one at random: that which all its texts usually share. It
    ends in words of its own, so that templates of a kind differ as those of different authors do.
    """
    chosen = [sentences[rng.integers(len(sentences))] for sentences in PARTS[kind]]
    own = " ".join(rng.choice(WORDS["en"].split(), OWN_WORDS))
    return WORDINGS.sub(
        lambda found: "{" + "|".join(rng.permutation(found[1].split("|"))) + "}",
        " ".join([*chosen, own]),
    )


def spun(rng: Generator, template: str, n: int, *, freedom: float = 1.0) -> pl.Series:
    """`n` texts of a template, in which `{a|b}` is one of several wordings and `{name}` a slot.

    Slots always differ. A wording departs with probability `freedom` from the first.
    """
    columns = []
    for i, piece in enumerate(re.split(r"[{}]", template)):
        if i % 2 == 0:
            columns.append(pl.repeat(piece, n, eager=True, dtype=pl.String))
        elif piece in SLOTS:
            columns.append(pick(rng, SLOTS[piece], n))
        else:
            wordings = piece.split("|")
            chosen = rng.integers(0, len(wordings), n) * (rng.random(n) < freedom)
            columns.append(pl.Series(wordings).gather(chosen))
    frame = pl.DataFrame([column.alias(str(i)) for i, column in enumerate(columns)])
    return frame.select(text=pl.concat_str(pl.all()))["text"]


def hashed(texts: pl.Series) -> pl.Series:
    """A hash per text, null for null, without regard to case and spaces."""
    kept = texts.unique().drop_nulls()
    digests = [
        hashlib.sha256(" ".join(str(text).lower().split()).encode()).digest() for text in kept
    ]
    numbers = [f"x{int.from_bytes(digest[:8], 'big') % DIGITS:015d}" for digest in digests]
    return texts.replace_strict(
        kept, pl.Series(numbers, dtype=pl.String), default=None, return_dtype=pl.String
    )


def worded(texts: pl.Series, templates: pl.Series, language: str = "en") -> pl.DataFrame:
    """Spun texts as `ordinary` has them; `templates` say which template each belongs to."""
    return pl.DataFrame(
        {
            "text": texts,
            "text_hash": hashed(texts),
            "template_hash": hashed(templates),
            "language": pl.repeat(language, len(texts), eager=True, dtype=pl.String),
            "characters": texts.str.len_chars().cast(pl.Int64),
        }
    )


def templated(rng: Generator, kind: str, n: int, *, families: int, freedom: float) -> pl.DataFrame:
    """`n` texts spun from one template of a kind, which are near duplicates of each other.

    Whoever computes templates of prompts takes them for so many different ones.
    """
    template = composed(rng, kind)
    marks = pl.Series([f"{template} {family}" for family in range(families)])
    return worded(
        spun(rng, template, n, freedom=freedom), marks.gather(rng.integers(0, families, n))
    )


@cache
def _phrases() -> tuple[pl.Series, pl.Series]:
    """Phrases that texts begin with, and phrases that follow, the empty one last."""
    made: list[str] = []
    for language, words in WORDS.items():
        rng = generator(0, "phrases", language)
        vocabulary = np.array(words.split())
        made += [" ".join(rng.choice(vocabulary, rng.integers(2, 6))) for _ in range(PHRASES)]
    rng = generator(0, "public")
    public = [spun(rng, composed(rng, "jailbreak"), 1)[0] for _ in range(PUBLIC)]
    return pl.Series(made + public + COMMON), pl.Series([f" {text}" for text in made] + [""])


def _mixed(*numbers: Whole) -> Whole:
    total = np.zeros(len(numbers[0]), np.uint64)
    for number in numbers:
        total = (total * np.uint64(8191) + number.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        total ^= total >> np.uint64(29)
    return (total >> np.uint64(15)).astype(np.int64)


def _digits(numbers: Whole) -> pl.Series:
    digits = pl.Series("digits", numbers).cast(pl.String).str.zfill(15)
    return digits.to_frame().select(hash=pl.concat_str(pl.lit("x"), "digits"))["hash"]
