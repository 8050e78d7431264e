"""Log files for tests of ingestion."""

from pathlib import Path


def write(path: Path, content: str | bytes) -> Path:
    """Write a log file, with its folder; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
