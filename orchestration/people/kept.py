"""Where a person's token is kept on the machine where they work."""

import os
import pwd
import uuid
from pathlib import Path

from orchestration.people.errors import TokenError

OWNER_ONLY = 0o600
OTHERS = 0o077


def token_file(home: Path) -> Path:
    """The file of whoever runs this process, by the name that the system knows them by."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # containers run under numbers without a name
        name = str(number)
    return home / "tokens" / name


def keep(home: Path, token: str) -> Path:
    """Write the token to the person's file, for their eyes alone.

    Raises TokenError where the folder of tokens is somebody else's.
    """
    path = token_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        made.touch(mode=OWNER_ONLY, exist_ok=False)
    except PermissionError as error:
        raise _not_ours(path) from error
    made.write_text(token + "\n", encoding="utf-8")
    made.replace(path)
    return path


def kept(home: Path) -> str:
    """The token in the person's file; empty if there is none.

    Raises TokenError if others may read the file, as then others may have the token, and where the
    folder of tokens is somebody else's.
    """
    path = token_file(home)
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except PermissionError as error:
        raise _not_ours(path) from error
    if mode & OTHERS:
        raise TokenError(
            f"{path} can be read by others, so its token is no proof. Revoke it "
            "(`watchfloor login --revoke` after chmod 600) and log in with another."
        )
    return text.strip()


def forget(home: Path) -> None:
    """Remove the person's file."""
    token_file(home).unlink(missing_ok=True)


def _not_ours(path: Path) -> TokenError:
    return TokenError(
        f"{path.parent} is somebody else's. Work in a home of your own (WATCHFLOOR_HOME), or give "
        "your token in WATCHFLOOR_TOKEN."
    )
