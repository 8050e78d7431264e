"""Settings files in force: the newest text that was sound, kept in the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine, insert, select

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.tables import configs
from orchestration.yaml_lines import YamlError

T = TypeVar("T")
SETTINGS = Actor("settings", "system")
REASON = "a settings file changed"


@dataclass(frozen=True, slots=True)
class Standing(Generic[T]):
    """What a settings file says, or last said while it was sound: then `wrong` says what is not."""

    value: T
    wrong: str = ""


def anything(value: object) -> None:
    """Accept every value."""
    del value


def in_force(
    engine: Engine,
    *,
    name: str,
    path: Path,
    parse: Callable[[str], T],
    now: datetime,
    check: Callable[[T], None] = anything,
) -> Standing[T]:
    """The settings of a file. A sound text that is new comes into force, with an audit row.

    `check` raises YamlError where the file does not go with others; what is in force already did.

    A file that is missing or wrong leaves the last sound text in force. Raises YamlError with every
    mistake where there is none yet, or that text is not sound any more.
    """
    with reading(engine) as connection:
        last = text_in_force(connection, name)
    try:
        text = path.read_text(encoding="utf-8")
        value = parse(text)
        check(value)
    except (YamlError, OSError, UnicodeDecodeError) as error:
        wrong = str(error) if isinstance(error, YamlError) else _unreadable(path, error)
        if last is None:
            raise YamlError(wrong) from error
        try:
            return Standing(parse(last), wrong)
        except YamlError:  # sound once, and no longer; what is to be mended is the file
            raise YamlError(wrong) from error
    if text != last:
        with writing(engine) as connection:
            if text_in_force(connection, name) != text:
                _keep(connection, name, text, now)
    return Standing(value)


def text_in_force(connection: Connection, name: str) -> str | None:
    """The newest text of a settings file that was sound; None before there was one."""
    newest = select(configs.c.text).where(configs.c.name == name)
    found: str | None = connection.execute(
        newest.order_by(configs.c.audit_seq.desc()).limit(1)
    ).scalar_one_or_none()
    return found


def _keep(connection: Connection, name: str, text: str, now: datetime) -> None:
    digest = digest_parts(text)
    seq = append(
        connection,
        act=Act(SETTINGS, now, REASON),
        verb="set",
        object_id=f"settings:{name}",
        after=digest,
    )
    row = {"audit_seq": seq, "name": name, "digest": digest, "text": text, "taken_at": now}
    connection.execute(insert(configs), row)


def _unreadable(path: Path, error: Exception) -> str:
    return f"{path.name}:1: it cannot be read ({type(error).__name__}); wanted a UTF-8 text file."
