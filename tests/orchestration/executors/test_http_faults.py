from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.executors.errors import Refused, Slow, Unclear
from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Notice
from orchestration.reference_service.faults import KINDS, Faults, Kind, Rule
from tests.orchestration.reference_service.services import Client, order, running

SHORT = timedelta(seconds=0.4)
FAILS = [kind for kind in KINDS if kind not in ("slow", "duplicate")]
ACTED = ("hang_after", "error_after", "drop_after", "garbled")


def hurried(client: Client) -> HttpExecutor:
    """One that waits little for each answer."""
    return client.executor(timeout=SHORT)


def faulty(fault: Kind, *, tries: int, on: str = "") -> Faults:
    seconds = 2.0 if fault == "hang_after" else 0.05
    return Faults([Rule(fault, on=(on,) if on else (), tries=tries)], seconds=seconds)


@pytest.mark.parametrize("fault", KINDS)
def test_every_fault_is_overcome_under_the_same_key_with_one_effect(
    tmp_path: Path, fault: Kind
) -> None:
    with running(tmp_path, faults=faulty(fault, tries=2)) as client:
        executor = hurried(client)
        receipt = executor.apply(order())
        assert (receipt.outcome, receipt.prior) == ("applied", '"active"')
        assert executor.find("k1") == receipt
        assert executor.restore(order("r1"), of="k1", prior='"active"').outcome == "restored"
        executor.tell(Notice("n1", "account", "u1", {"policy": "spam/2"}))
        assert client.effects() == [("applied", "k1"), ("restored", "r1"), ("notice", "n1")]


@pytest.mark.parametrize("fault", [kind for kind in FAILS if kind != "busy"])
def test_what_stays_unclear_is_told_by_asking(tmp_path: Path, fault: Kind) -> None:
    with running(tmp_path, faults=faulty(fault, tries=99, on="apply")) as client:
        executor = hurried(client)
        with pytest.raises(Unclear):
            executor.apply(order())
        found = executor.find("k1")
        if fault in ACTED:
            assert found is not None
            assert (found.outcome, found.prior) == ("applied", '"active"')
            assert client.effects() == [("applied", "k1")]
        else:
            assert found is None
            assert client.effects() == []


def test_a_busy_service_is_given_the_time_it_asks_for(tmp_path: Path) -> None:
    faults = Faults([Rule("busy", tries=2)], seconds=7)
    with running(tmp_path, faults=faults) as client:
        assert client.executor().apply(order()).outcome == "applied"
        assert client.slept == [7.0, 7.0]


def test_a_service_that_is_busy_for_longer_than_patience_did_nothing(tmp_path: Path) -> None:
    faults = Faults([Rule("busy", on=("apply",), tries=99)], seconds=3600)
    with running(tmp_path, faults=faults) as client:
        executor = client.executor()
        with pytest.raises(Slow, match="did nothing; try again in 3600 s") as error:
            executor.apply(order())
        assert error.value.retry_after == timedelta(hours=1)
        assert client.slept == []
        assert executor.find("k1") is None


def test_a_service_that_is_busy_after_an_unclear_try_leaves_it_unclear(tmp_path: Path) -> None:
    acted = Rule("error_after", on=("apply",), tries=1)
    busy = Rule("busy", on=("apply",), tries=99)
    with running(tmp_path, faults=Faults([acted, busy], seconds=3600)) as client:
        with pytest.raises(Unclear, match="An earlier try may have been carried out"):
            client.executor().apply(order())
        assert client.effects() == [("applied", "k1")]


def test_a_signature_that_is_refused_after_an_unclear_try_leaves_it_unclear(
    tmp_path: Path,
) -> None:
    faults = Faults([Rule("error_after", on=("apply",), tries=1)])
    with running(tmp_path, faults=faults) as client:
        times = iter([client.clock(), client.clock() + timedelta(hours=1)])
        with pytest.raises(Unclear, match="An earlier try may have been carried out"):
            client.executor(clock=lambda: next(times)).apply(order())
        assert client.effects() == [("applied", "k1")]


@pytest.mark.parametrize("fault", ["error_after", "drop_after", "drop_before"])
def test_a_refusal_after_an_unclear_try_is_a_refusal(tmp_path: Path, fault: Kind) -> None:
    with running(tmp_path, faults=faulty(fault, tries=1)) as client:
        with pytest.raises(Refused) as error:
            client.executor().apply(order(target="u2"))
        assert error.value.code == "unknown_target"
        assert client.effects() == []


def test_all_pauses_together_stay_within_patience(tmp_path: Path) -> None:
    with running(tmp_path, faults=faulty("error_before", tries=99)) as client:
        with pytest.raises(Unclear):
            client.executor(patience=timedelta(seconds=0.3)).apply(order())
        assert 1 <= len(client.slept) < 4
        assert sum(client.slept) <= 0.3
