import stat
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.pseudonyms import pseudonym, read_key

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))


def test_a_name_is_the_same_for_ever() -> None:
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


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = read_key(tmp_path)
    path = tmp_path / "keys" / "pseudonyms"
    assert len(key) == 32
    assert read_key(tmp_path) == key == path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_installations_have_keys_of_their_own(tmp_path: Path) -> None:
    assert read_key(tmp_path / "one") != read_key(tmp_path / "other")


RACER = """
import sys
from pathlib import Path
from orchestration.pseudonyms import read_key

homes = [Path(line) for line in Path(sys.argv[1]).read_text().splitlines()]
print("ready", flush=True)
sys.stdin.readline()
print(" ".join(read_key(home).hex() for home in homes))
"""


def test_processes_that_race_to_make_the_key_get_the_same(tmp_path: Path) -> None:
    homes = tmp_path / "homes"
    homes.write_text("\n".join(str(tmp_path / f"home-{i}") for i in range(200)))
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
    found = [racer.communicate()[0].split() for racer in racers]
    assert len(found[0]) == 200
    assert found[0] == found[1] == found[2]
    assert len(list((tmp_path / "home-0" / "keys").iterdir())) == 1
