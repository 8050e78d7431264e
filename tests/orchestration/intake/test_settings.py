from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from orchestration.alerts.config import parse_config
from orchestration.alerts.rules import Config
from orchestration.intake.settings import Standing, in_force
from orchestration.ledger.audit import entries
from orchestration.ledger.database import connect, reading
from orchestration.yaml_lines import YamlError
from tests.orchestration.intake.builders import rows
from tests.support.ledgers import NOON

SOUND = "routes: [{name: all, receiver: C0ABUSE}]\nstorm: 5\n"
OTHER = "routes: [{name: all, receiver: C0ABUSE}]\nstorm: 6\n"
BROKEN = "routes: [{name: all}]\nstorm: many\n"
MISTAKES = [
    "routes.yaml:1: receiver is missing; write it.",
    "routes.yaml:2: 'many' is no count; write a whole number, as in 2.",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "routes.yaml"


def read(ledger: Engine, path: Path, minutes: int = 0) -> Standing[Config]:
    now = NOON + timedelta(minutes=minutes)
    return in_force(ledger, name="routes", path=path, parse=parse_config, now=now)


def said(ledger: Engine) -> list[tuple[str, str]]:
    """What the audit has of settings: verb and object."""
    with reading(ledger) as connection:
        return [(entry.verb, entry.object) for entry in entries(connection)][1:]


def test_a_sound_file_comes_into_force_once(ledger: Engine, path: Path) -> None:
    path.write_text(SOUND, encoding="utf-8")
    assert (read(ledger, path).value.storm, read(ledger, path, 1).wrong) == (5, "")
    assert said(ledger) == [("set", "settings:routes")]
    with reading(ledger) as connection:
        (row,) = rows(connection, "configs")
        *_, last = entries(connection)
    assert (row["name"], row["text"], row["taken_at"]) == ("routes", SOUND, NOON)
    assert (row["audit_seq"], row["digest"]) == (last.seq, last.after)
    assert last.actor == "system:settings"


def test_a_change_comes_into_force_and_so_does_its_undoing(ledger: Engine, path: Path) -> None:
    for minute, (text, storm) in enumerate(((SOUND, 5), (OTHER, 6), (SOUND, 5))):
        path.write_text(text, encoding="utf-8")
        assert read(ledger, path, minute).value.storm == storm
    assert said(ledger) == [("set", "settings:routes")] * 3


def test_a_broken_file_leaves_the_last_sound_one_and_says_every_mistake(
    ledger: Engine, path: Path
) -> None:
    path.write_text(SOUND, encoding="utf-8")
    read(ledger, path)
    path.write_text(BROKEN, encoding="utf-8")
    found = read(ledger, path, 1)
    assert found.value.storm == 5
    assert found.wrong.splitlines() == MISTAKES
    assert said(ledger) == [("set", "settings:routes")]


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "FileNotFoundError"), (b"\xff\xfe", "UnicodeDecodeError")]
)
def test_a_file_that_cannot_be_read_leaves_the_last_sound_one(
    ledger: Engine, path: Path, content: bytes | None, fault: str
) -> None:
    path.write_text(SOUND, encoding="utf-8")
    read(ledger, path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    found = read(ledger, path, 1)
    assert found.value.storm == 5
    assert found.wrong == (f"routes.yaml:1: it cannot be read ({fault}); wanted a UTF-8 text file.")


def test_the_first_file_has_to_be_sound(ledger: Engine, path: Path) -> None:
    with pytest.raises(YamlError, match="FileNotFoundError"):
        read(ledger, path)
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(YamlError) as raised:
        read(ledger, path)
    assert str(raised.value).splitlines() == MISTAKES
    assert said(ledger) == []


def test_files_are_apart(ledger: Engine, path: Path) -> None:
    path.write_text(SOUND, encoding="utf-8")
    read(ledger, path)
    with pytest.raises(YamlError, match="people"):
        in_force(
            ledger,
            name="people",
            path=path.with_name("people.yaml"),
            parse=parse_config,
            now=NOON,
        )


def test_of_a_text_that_was_sound_once_the_file_s_own_mistakes_are_told(
    ledger: Engine, path: Path
) -> None:
    path.write_text(SOUND, encoding="utf-8")
    read(ledger, path)
    path.write_text(BROKEN, encoding="utf-8")

    def stricter(text: str) -> Config:
        if text == SOUND:
            raise YamlError("routes.yaml:2: storm is too small; write at least 6.")
        return parse_config(text)

    with pytest.raises(YamlError) as raised:
        in_force(ledger, name="routes", path=path, parse=stricter, now=NOON)
    assert str(raised.value).splitlines() == MISTAKES


def test_of_two_that_read_a_new_file_at_once_one_keeps_it(
    ledger: Engine, url: str, path: Path
) -> None:
    path.write_text(SOUND, encoding="utf-8")
    together = Barrier(2, timeout=60)

    def parse(text: str) -> Config:
        together.wait()  # each has seen that nothing is in force yet
        return parse_config(text)

    def work() -> int:
        engine = connect(url)
        try:
            return in_force(engine, name="routes", path=path, parse=parse, now=NOON).value.storm
        finally:
            engine.dispose()

    with ThreadPoolExecutor(2) as pool:
        assert [made.result() for made in [pool.submit(work), pool.submit(work)]] == [5, 5]
    assert said(ledger) == [("set", "settings:routes")]
