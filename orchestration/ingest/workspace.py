"""One ingest at a time per product and contract, and a place for what it holds on disk."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from orchestration.lake import Lake


@contextmanager
def exclusive(lake: Lake, product: str, contract: str) -> Iterator[Path]:
    """Wait until nobody else writes events of this product and contract; gives an empty folder.

    Whoever rewrites files of `events/` or `text/` must hold this, or rows may be lost: an ingest
    reads a file, adds rows and replaces it. The kernel lets go when a process dies, and the next
    holder deletes what the dead one left. A lake in an object store has no such lock: there, run
    one ingest per product and contract, as Dagster's pools do.
    """
    root = UPath(lake.root)
    if root.protocol not in {"", "file"}:
        with tempfile.TemporaryDirectory(prefix="ingest-") as elsewhere:
            yield Path(elsewhere)
        return
    home = Path(root.path) / "ingests" / product / contract
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = home / "spool"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)  # it may hold restricted text
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
