from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.executors.errors import ConfigurationError
from orchestration.executors.signing import read_secret, signed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIGEST = "8dec5ba845ae00e63c69cd472be9cfc57613ce4923f516b866a8a0f38618a032"
SECRET = b"0123456789abcdef0123456789abcdef"


def test_a_signature_is_the_one_that_openssl_makes() -> None:
    # printf '1772452800\nPOST\n/v1/actions\n{}' | openssl dgst -sha256 -hmac 0123…
    assert signed(SECRET, "POST", "/v1/actions", b"{}", now=NOW) == {
        "Watchfloor-Timestamp": "1772452800",
        "Watchfloor-Signature": f"v1={DIGEST}",
    }


def test_a_secret_is_read_without_the_space_around_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    assert read_secret(tmp_path / "secret") == SECRET


def test_a_secret_that_is_short_or_missing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    with pytest.raises(ConfigurationError, match="has 7 bytes; wanted at least 32") as error:
        read_secret(tmp_path / "secret")
    assert "hunter2" not in str(error.value)
    with pytest.raises(ConfigurationError, match="FileNotFoundError"):
        read_secret(tmp_path / "none")
