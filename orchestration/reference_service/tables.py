"""The service's state: an SQLite file in which what was answered outlives a kill of the process."""

import sqlite3
from pathlib import Path

from orchestration.reference_service.errors import ServiceError

VERSION = 1
WAIT_SECONDS = 30
# `until` and `by`: when the value ends, and the application that set it; null: set by hand.
TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS fields (
    target_type TEXT, target TEXT, field TEXT, value TEXT NOT NULL, until TEXT, by TEXT,
    PRIMARY KEY (target_type, target, field)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fields_end ON fields (until) WHERE until IS NOT NULL;
CREATE TABLE IF NOT EXISTS actions (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL,
    receipt TEXT NOT NULL, prior TEXT, now TEXT, target_type TEXT NOT NULL, target TEXT NOT NULL,
    field TEXT NOT NULL, prior_until TEXT, prior_by TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notices (id TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, key TEXT,
    target_type TEXT NOT NULL, target TEXT NOT NULL, field TEXT, before TEXT, after TEXT
);
PRAGMA user_version = 1;
COMMIT;
"""


def opened(path: Path) -> sqlite3.Connection:
    """The state in a file, made if it is missing. Raises ServiceError."""
    try:
        path.touch(mode=0o600)
        state = sqlite3.connect(path, WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        state.row_factory = sqlite3.Row
        state.execute("PRAGMA journal_mode = WAL")
        state.execute("PRAGMA synchronous = FULL")
        version = state.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise ServiceError(
                f"The state is of version {version}; wanted {VERSION}. Use the programme that made "
                "it, or another file."
            )
        state.executescript(TABLES)
    except (OSError, sqlite3.Error) as error:
        raise ServiceError(
            f"The state cannot be used: {error}. Give a file that can be written, and that is "
            "empty or was made by this service."
        ) from error
    return state
