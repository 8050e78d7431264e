from pathlib import Path

import pytest

from orchestration.executors.dry_run import Refusing
from orchestration.executors.errors import DryRunError
from orchestration.executors.protocol import Notice
from tests.orchestration.reference_service.services import order, running


def test_in_dry_run_nothing_is_applied_or_told_though_a_service_is_there(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        wall = Refusing(client.executor())
        with pytest.raises(DryRunError, match="mode: live"):
            wall.apply(order())
        with pytest.raises(DryRunError, match="told to a user"):
            wall.tell(Notice("n1", "account", "u1", {}))
        assert client.effects() == []
        assert wall.find("k1") is None


def test_what_was_done_before_is_undone_in_dry_run(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        client.executor().apply(order())
        wall = Refusing(client.executor())
        assert wall.restore(order("r1"), of="k1", prior='"active"').outcome == "restored"
        assert client.value() == "active"


def test_without_a_service_there_is_nothing_to_undo_with() -> None:
    with pytest.raises(DryRunError, match="Give the address"):
        Refusing().restore(order("r1"), of="k1", prior="null")
    with pytest.raises(DryRunError, match="Give the address"):
        Refusing().find("k1")
