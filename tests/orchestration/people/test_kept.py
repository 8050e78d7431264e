import stat
from pathlib import Path

import pytest

from orchestration.people.errors import TokenError
from orchestration.people.kept import forget, keep, kept, token_file


def test_a_kept_token_is_for_its_owners_eyes_alone(tmp_path: Path) -> None:
    path = keep(tmp_path, "wft_one")
    assert path == token_file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert kept(tmp_path) == "wft_one"
    keep(tmp_path, "wft_two")
    assert kept(tmp_path) == "wft_two"
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_without_a_file_there_is_no_token(tmp_path: Path) -> None:
    assert kept(tmp_path) == ""
    forget(tmp_path)
    keep(tmp_path, "wft_one")
    forget(tmp_path)
    assert kept(tmp_path) == ""


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_token_that_others_may_read_is_no_proof(tmp_path: Path, mode: int) -> None:
    keep(tmp_path, "wft_one").chmod(mode)
    with pytest.raises(TokenError, match="can be read by others") as raised:
        kept(tmp_path)
    assert "wft_one" not in str(raised.value)
