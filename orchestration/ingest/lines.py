"""Lines of a file in blocks of bounded size, decoded; what is no text is told apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestration.ingest.files import Opened

BLOCK = 8 << 20  # bytes read at a time
LONGEST = 1 << 20  # bytes of a line; a longer one is no event but a fault, and must not fill memory
KEPT = 1000  # characters of an over-long line that are kept for whoever looks into it
TOO_LONG = f"line over {LONGEST} bytes"
NO_TEXT = "not in the declared encoding"

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive lines. `first` is the number of the first, from 1.

    A line with bytes that the encoding does not know holds lone surrogates (`suspect` then says
    that some may), so that it can be told apart and kept. `long` are numbers of over-long lines;
    what stands in their place is their beginning.
    """

    first: int
    lines: list[str]
    long: frozenset[int]
    suspect: bool


def blocks(opened: Opened, *, encoding: str, advance: Advance) -> Iterator[Block]:
    """The lines of an open file. Memory is bounded by BLOCK, however long a line is.

    `advance` is told how many stored bytes were read since it was last told.
    """
    number, rest, cut, told = 1, b"", False, 0
    while True:
        read = opened.read(BLOCK)
        position = opened.stored.tell()
        advance(position - told)
        told = position
        parts = (rest + read).split(b"\n")
        rest = parts.pop() if read else b""
        if not read and parts == [b""] and not cut:
            return
        long = {i for i, part in enumerate(parts) if len(part) > LONGEST}
        if cut and parts:
            long.add(0)
        cut = cut and not parts
        if len(rest) > LONGEST:
            rest, cut = rest[:KEPT], True
        if parts:
            yield _block(number, parts, long, encoding)
            number += len(parts)
        if not read:
            return


def _block(number: int, parts: list[bytes], long: set[int], encoding: str) -> Block:
    for i in long:
        parts[i] = parts[i][:KEPT]
    joined = b"\n".join(parts)
    try:
        text, suspect = joined.decode(encoding), False
    except UnicodeDecodeError:
        text, suspect = joined.decode(encoding, "surrogateescape"), True
    text = text.replace("\r\n", "\n").removesuffix("\r")
    if number == 1:
        text = text.removeprefix("\ufeff")  # some programs begin a file with this mark
    return Block(number, text.split("\n"), frozenset(number + i for i in long), suspect)


def is_text(value: str) -> bool:
    """Whether the value holds no lone surrogates: what cannot be stored as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def readable(value: str) -> str:
    """The value with what is no text as Latin-1, so that it can be kept and looked at."""
    if is_text(value):
        return value
    return value.encode("utf-8", "surrogateescape").decode("latin-1")
