"""Files to ingest: found by path, folder, glob or URL, and opened without their compression."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
from fsspec.core import url_to_fs  # type: ignore[import-untyped]

from orchestration.ingest.errors import IngestError

GZIP = b"\x1f\x8b"
MAGIC = "*?["


@dataclass(frozen=True)
class File:
    """One file. `name` is its URL, or its absolute path where it is local."""

    name: str
    path: str
    size: int
    modified: str
    system: AbstractFileSystem

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells whether a file is the one seen before, without reading it."""
        return (self.name, self.size, self.modified)

    def open(self) -> BinaryIO:
        """The file's bytes as stored."""
        return cast("BinaryIO", self.system.open(self.path, "rb"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content of a local file, else of what the file system knows of it."""
        if "file" in _protocols(self.system):
            with self.open() as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        told = f"{self.system.ukey(self.path)} {self.size} {self.path}"
        return hashlib.sha256(told.encode()).hexdigest()


def find(paths: Sequence[str | Path], *, may_be_empty: bool = False) -> list[File]:
    """The files that paths, folders, globs and URLs name, each once, in order.

    Raises IngestError where one does not exist, or holds no file unless it `may_be_empty`. Names
    in folders that begin with a dot or an underscore are passed over.
    """
    found: dict[str, File] = {}
    for path in paths:
        for file in _find(str(path), may_be_empty=may_be_empty):
            found.setdefault(file.name, file)
    return list(found.values())


def _find(path: str, *, may_be_empty: bool) -> list[File]:
    try:
        system, inner = url_to_fs(path)
    except (ValueError, ImportError) as error:
        raise IngestError(f"'{path}' cannot be opened: {error}.") from error
    web = "http" in _protocols(system)
    if system.isfile(inner) or (web and system.exists(inner)):
        return [_file(system, inner)]
    if system.isdir(inner):
        inside = [p for p in system.find(inner) if not _hidden(p, inner)]
        wanted = "Give a folder with at least one file."
    elif any(sign in inner for sign in MAGIC):
        matched = [p for p in system.glob(inner) if system.isfile(p)]
        inside = [p for p in matched if not _hidden(p, p.rpartition("/")[0])]
        wanted = "Give a pattern that matches at least one file."
    else:
        raise IngestError(f"'{path}' does not exist. Give a file, a folder, a glob or a URL.")
    if not inside and not may_be_empty:
        raise IngestError(f"'{path}' holds no files. {wanted}")
    return [_file(system, p) for p in sorted(inside)]


def _hidden(path: str, folder: str) -> bool:
    parts = path.removeprefix(folder).split("/")
    return any(part.startswith((".", "_")) for part in parts)


def _file(system: AbstractFileSystem, path: str) -> File:
    info = system.info(path)
    known = (info.get(k) for k in ("mtime", "LastModified", "last_modified", "created", "ETag"))
    modified = next((str(value) for value in known if value is not None), "")
    local = "file" in _protocols(system)
    name = path if local else str(system.unstrip_protocol(path))
    return File(name, path, int(info.get("size") or 0), modified, system)


def _protocols(system: AbstractFileSystem) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def head(file: File, *, size: int = 65536) -> bytes:
    """First bytes of the content, after decompression. Raises IngestError if there are none."""
    with plain(file) as opened:
        start = opened.read(size)
    if not start:
        raise IngestError(f"'{file.name}' is empty; wanted at least one line.")
    return start


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its plain bytes, and how far into the stored bytes they reach."""

    file: File
    stream: BinaryIO
    stored: BinaryIO

    def read(self, size: int) -> bytes:
        """Next bytes. Raises IngestError where compressed data is damaged or ends early."""
        try:
            return self.stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise IngestError(
                f"'{self.file.name}' is damaged: its gzip data ends early or is wrong. "
                "Fetch it again; nothing of it was ingested."
            ) from error


@contextmanager
def plain(file: File) -> Iterator[Opened]:
    """Open without gzip, which is known by the first bytes and not by the name."""
    try:
        stored = file.open()
    except OSError as error:
        raise IngestError(f"'{file.name}' cannot be opened: {error.strerror}.") from error
    with stored:
        start = stored.read(len(GZIP))
        stored.seek(0)
        if start != GZIP:
            yield Opened(file, stored, stored)
            return
        with gzip.GzipFile(fileobj=stored) as stream:
            yield Opened(file, cast("BinaryIO", stream), stored)
