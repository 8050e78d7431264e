import sqlite3
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.pseudonyms import PseudonymError, Pseudonyms, pseudonym, read_key

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))


def test_a_name_is_the_same_as_long_as_its_key() -> None:
    assert pseudonym(KEY, "account_id", "alice@example.com") == "account_f660fdc10790"
    assert pseudonym(KEY, "ip", "203.0.113.7") == "ip_0bcdb928f0b3"


def test_a_name_depends_on_the_key_the_type_and_the_entity() -> None:
    names = {
        pseudonym(KEY, "account_id", "7"),
        pseudonym(bytes(32), "account_id", "7"),
        pseudonym(KEY, "account", "7"),
        pseudonym(KEY, "account_id", "8"),
    }
    assert len(names) == 4


@settings(max_examples=30)
@given(st.text(min_size=4))
def test_nothing_of_the_entity_is_in_its_name(entity: str) -> None:
    digest = pseudonym(KEY, "account_id", entity).removeprefix("account_")
    assert len(digest) == 12
    assert set(digest) <= set("0123456789abcdef")
    assert digest != entity


def test_a_part_of_the_type_never_passes_for_a_part_of_the_entity() -> None:
    assert pseudonym(KEY, "ip", "x7")[-12:] != pseudonym(KEY, "ipx", "7")[-12:]


def test_the_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    key = read_key(tmp_path)
    assert len(key) == 32
    assert read_key(tmp_path) == key == (tmp_path / "keys" / "pseudonyms").read_bytes()
    Pseudonyms(tmp_path).name("ip", "192.0.2.7")
    found = sorted((tmp_path / "keys").iterdir())
    assert [path.name for path in found] == ["entities.db", "pseudonyms"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


def test_an_entity_keeps_its_name_alone_and_among_others(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    alone = named.name("account_id", "ann")
    assert alone.startswith("account_")
    together = named.names("account_id", ["ann", "bob", "ann"])
    assert together == {"ann": alone, "bob": named.name("account_id", "bob")}
    assert Pseudonyms(tmp_path).name("account_id", "ann") == alone
    assert named.names("account_id", []) == {}


def test_names_differ_by_entity_type_and_installation(tmp_path: Path) -> None:
    one, other = Pseudonyms(tmp_path / "one"), Pseudonyms(tmp_path / "other")
    names = [
        one.name("ip", "7"),
        one.name("ip", "8"),
        one.name("key_id", "7"),
        other.name("ip", "7"),
    ]
    assert len({name[-12:] for name in names}) == 4


def test_many_more_than_one_query_can_hold_are_named_at_once(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    some = named.names("ip", [str(n) for n in range(0, 5000, 2)])
    every = named.names("ip", [str(n) for n in range(5000)])
    assert len(set(every.values())) == 5000
    assert some.items() <= every.items()


def test_asking_what_is_known_makes_no_key(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    assert named.known("ip", ["7"]) == {}
    assert list(tmp_path.iterdir()) == []
    seven = named.name("ip", "7")
    assert named.known("ip", ["7", "8"]) == {"7": seven}
    assert named.known("ip", ["8"]) == {}


def test_one_who_was_forgotten_comes_again_under_another_name(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    before = named.names("account_id", ["ann", "bob"])
    assert named.forget("account_id", "ann")
    assert not named.forget("account_id", "ann")
    assert named.known("account_id", ["ann", "bob"]) == {"bob": before["bob"]}
    after = named.names("account_id", ["ann", "bob"])
    assert after["bob"] == before["bob"]
    assert after["ann"] != before["ann"]


def test_forgetting_where_nobody_was_named_makes_no_file(tmp_path: Path) -> None:
    assert not Pseudonyms(tmp_path).forget("account_id", "ann")
    assert list(tmp_path.iterdir()) == []


def rows(path: Path) -> Sequence[tuple[bytes, bytes]]:
    with closing(sqlite3.connect(path)) as keys:
        found: list[tuple[bytes, bytes]] = keys.execute("SELECT * FROM entities").fetchall()
    return found


def test_a_destroyed_key_is_in_no_file_even_while_another_has_the_store_open(
    tmp_path: Path,
) -> None:
    named = Pseudonyms(tmp_path)
    named.names("ip", [str(n) for n in range(3000)])
    with closing(sqlite3.connect(named.path)) as other:  # so that the log outlives each call
        other.execute("SELECT count(*) FROM entities").fetchall()
        named.names("ip", [str(n) for n in range(3000, 3500)])
        before = dict(rows(named.path))
        assert named.forget("ip", "3100")
        after = dict(rows(named.path))
        (gone,) = before.keys() - after.keys()
        files = [path.read_bytes() for path in (tmp_path / "keys").iterdir()]
    assert len(after) == 3499
    assert not any(before[gone] in content or gone in content for content in files)
    kept = next(iter(after.values()))
    assert any(kept in content for content in files)


def test_the_store_names_nobody(tmp_path: Path) -> None:
    Pseudonyms(tmp_path).name("account_id", "alice@example.com")
    contents = [path.read_bytes() for path in (tmp_path / "keys").iterdir()]
    assert not any(b"alice" in content or b"account" in content for content in contents)


def test_a_broken_store_is_refused_with_what_to_do(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    named.name("ip", "7")
    named.path.write_bytes(b"no database" * 100)
    with pytest.raises(PseudonymError, match="restore it with its folder"):
        named.name("ip", "7")


def test_who_is_remembered_is_found_by_name(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    assert named.entities_of(["account_0123456789ab"]) == {}
    assert list(tmp_path.iterdir()) == []
    before = named.names("account_id", ["ann", "bob"])
    assert named.entities_of(before.values()) == {}
    assert named.remember("account_id", ["ann", "cyd", "ann"]).keys() == {"ann", "cyd"}
    key = named.remember("key_id", ["ann"])["ann"]
    assert named.remember("account_id", []) == {}
    known = named.names("account_id", ["ann", "bob", "cyd"])
    assert known.items() >= before.items()
    assert Pseudonyms(tmp_path).entities_of([*known.values(), key, "account_0123456789ab"]) == {
        known["ann"]: ("account_id", "ann"),
        known["cyd"]: ("account_id", "cyd"),
        key: ("key_id", "ann"),
    }


def test_more_than_one_query_can_hold_are_remembered_at_once(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    names = named.remember("ip", [str(n) for n in range(2500)])
    found = named.entities_of(names.values())
    assert {name: entity for entity, name in names.items()} == {
        name: entity for name, (_, entity) in found.items()
    }


def test_a_store_from_before_anybody_was_remembered_works_as_it_is(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    (tmp_path / "keys").mkdir()
    with closing(sqlite3.connect(named.path)) as keys:
        keys.execute(
            "CREATE TABLE entities (handle BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID"
        )
        keys.execute("PRAGMA journal_mode = WAL")
    bob = named.name("ip", "bob")
    assert named.entities_of([bob]) == {}
    assert named.forget("ip", "bob")
    assert not named.forget("ip", "bob")
    ann = named.remember("ip", ["ann"])["ann"]
    assert named.entities_of([ann, bob]) == {ann: ("ip", "ann")}


def test_who_is_forgotten_is_remembered_in_no_file_even_while_another_has_the_store_open(
    tmp_path: Path,
) -> None:
    named = Pseudonyms(tmp_path)
    names = named.remember("account_id", [f"person-{n:04}@example.com" for n in range(1500)])
    gone, kept = "person-0777@example.com", "person-0778@example.com"
    with closing(sqlite3.connect(named.path)) as other:  # so that the log outlives each call
        other.execute("SELECT count(*) FROM remembered").fetchall()
        named.remember("account_id", [f"person-{n:04}@example.com" for n in range(1500, 1700)])
        assert any(gone.encode() in path.read_bytes() for path in (tmp_path / "keys").iterdir())
        assert named.forget("account_id", gone)
        files = [path.read_bytes() for path in (tmp_path / "keys").iterdir()]
    assert not any(gone.encode() in content for content in files)
    assert not any(names[gone].encode() in content for content in files)
    assert any(kept.encode() in content for content in files)
    assert named.entities_of([names[gone], names[kept]]) == {names[kept]: ("account_id", kept)}
    again = named.remember("account_id", [gone])[gone]
    assert again != names[gone]
    assert named.entities_of([names[gone], again]) == {again: ("account_id", gone)}


def test_two_who_share_a_name_are_never_taken_for_each_other(tmp_path: Path) -> None:
    named = Pseudonyms(tmp_path)
    named.remember("ip", ["cyd"])
    ann = named.name("ip", "ann")
    with closing(sqlite3.connect(named.path)) as keys, keys:
        other = (b"of-another-one", ann, "ip", "eve")
        keys.execute("INSERT INTO remembered VALUES (?, ?, ?, ?)", other)
    with pytest.raises(PseudonymError, match=f"Two entities have the name {ann}"):
        named.remember("ip", ["bob", "ann"])
    assert named.entities_of([ann]) == {ann: ("ip", "eve")}
    assert named.known("ip", ["bob"]) == {}
    assert named.remember("ip", ["bob"]).keys() == {"bob"}


RACER = """
import sys
from pathlib import Path
from orchestration.pseudonyms import Pseudonyms, read_key

homes = [Path(line) for line in Path(sys.argv[1]).read_text().splitlines()]
print("ready", flush=True)
sys.stdin.readline()
for home in homes:
    names = Pseudonyms(home).names("ip", [str(n) for n in range(20)])
    print(read_key(home).hex(), *names.values())
"""


def test_processes_that_race_give_the_same_names(tmp_path: Path) -> None:
    homes = tmp_path / "homes"
    homes.write_text("\n".join(str(tmp_path / f"home-{i}") for i in range(50)))
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(homes)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    found = [racer.communicate()[0].splitlines() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert len(found[0]) == 50
    assert found[0] == found[1] == found[2]
    assert sorted(path.name for path in (tmp_path / "home-0" / "keys").iterdir()) == [
        "entities.db",
        "pseudonyms",
    ]
