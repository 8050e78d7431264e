import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.executors.errors import (
    ConfigurationError,
    ExecutorError,
    Refused,
    Unreachable,
)
from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Notice, Receipt
from tests.orchestration.reference_service.services import (
    CANARY,
    SECRET,
    START,
    Client,
    Clock,
    order,
    running,
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with running(tmp_path) as found:
        yield found


def test_an_order_sets_the_field_and_says_what_was_there(client: Client) -> None:
    receipt = client.executor().apply(order())
    assert (receipt.outcome, receipt.prior, receipt.now) == (
        "applied",
        '"active"',
        '"suspended"',
    )
    assert client.value() == "suspended"
    assert client.effects() == [("applied", "k1")]


def test_the_same_key_has_the_same_receipt_and_one_effect(client: Client) -> None:
    first = client.executor().apply(order())
    assert client.executor().apply(order()) == first
    assert client.executor().find("k1") == first
    assert client.effects() == [("applied", "k1")]


def test_a_restoration_gives_back_what_was_there_once(client: Client) -> None:
    executor = client.executor()
    executor.apply(order())
    restored = executor.restore(order("r1"), of="k1", prior='"active"')
    assert (restored.outcome, restored.prior, restored.now) == (
        "restored",
        '"suspended"',
        '"active"',
    )
    assert executor.restore(order("r1"), of="k1", prior='"active"') == restored
    assert executor.find("r1") == restored
    assert executor.restore(order("r2"), of="k1", prior='"active"').outcome == "restored"
    assert client.value() == "active"
    assert client.effects() == [("applied", "k1"), ("restored", "r1")]


def test_what_was_suspended_by_hand_stays_so_after_a_restoration(client: Client) -> None:
    client.put(access="suspended")
    executor = client.executor()
    receipt = executor.apply(order())
    assert (receipt.outcome, receipt.prior, receipt.now) == (
        "already",
        '"suspended"',
        '"suspended"',
    )
    assert executor.restore(order("r1"), of="k1", prior='"suspended"').outcome == "restored"
    assert client.value() == "suspended"
    assert client.effects() == []


@pytest.mark.parametrize("value", ["banned", "suspended"])
def test_what_a_person_changed_since_is_left_alone(client: Client, value: str) -> None:
    executor = client.executor()
    executor.apply(order())
    client.put(access=value)
    receipt = executor.restore(order("r1"), of="k1", prior='"active"')
    assert (receipt.outcome, receipt.now) == ("changed_since", f'"{value}"')
    assert client.value() == value
    assert client.effects() == [("applied", "k1")]


def test_a_key_that_was_never_sent_is_not_found(client: Client) -> None:
    assert client.executor().find("k1") is None


def test_values_of_any_shape_come_back_exactly(client: Client) -> None:
    before = {"limit": 12345678901234567890, "share": 1.0, "é": [None, True, "😀"]}
    client.put(limits=before)
    executor = client.executor()
    receipt = executor.apply(order(action_class="limits", value='{"limit": 0}'))
    assert receipt.prior is not None
    assert client.value(name="limits") == {"limit": 0}
    executor.restore(order("r1", action_class="limits"), of="k1", prior=receipt.prior)
    after = client.value(name="limits")
    assert after == before
    assert repr(after) == repr(before)


def test_a_user_is_told_once(client: Client) -> None:
    executor = client.executor()
    for _ in range(2):
        executor.tell(Notice("n1", "account", "u1", {"policy": "spam/2"}))
    assert client.effects() == [("notice", "n1")]
    with pytest.raises(Refused) as error:
        executor.tell(Notice("n1", "account", "u1", {"policy": "spam/3"}))
    assert error.value.code == "key_reused"


def test_a_wrong_id_or_field_is_refused_and_nothing_is_named(client: Client) -> None:
    executor = client.executor()
    with pytest.raises(Refused, match="check the type") as error:
        executor.apply(order(target=CANARY))
    assert error.value.code == "unknown_target"
    assert CANARY not in str(error.value)
    assert executor.find("k1") == Receipt("k1", "refused", "unknown_target", None, None)
    with pytest.raises(Refused, match="action_class") as error:
        executor.apply(order("k2", action_class="payouts"))
    assert error.value.code == "unknown_action"
    assert client.slept == []
    assert client.effects() == []


def test_what_was_refused_is_done_when_its_cause_is_gone(client: Client) -> None:
    executor = client.executor()
    with pytest.raises(Refused):
        executor.apply(order(target="u2"))
    client.put("u2", access="active")
    assert executor.apply(order(target="u2")).outcome == "applied"


def test_a_key_stands_for_one_order(client: Client) -> None:
    executor = client.executor()
    executor.apply(order())
    client.put("u2", access="active")
    for other in (order(target="u2"), order(value='"banned"')):
        with pytest.raises(Refused, match="a key of its own") as error:
            executor.apply(other)
        assert error.value.code == "key_reused"
    with pytest.raises(Refused) as error:
        executor.restore(order("k1"), of="k1", prior='"active"')
    assert error.value.code == "key_reused"
    assert client.effects() == [("applied", "k1")]


def test_only_what_was_done_can_be_undone(client: Client) -> None:
    client.put("u2", access="active")
    executor = client.executor()
    executor.apply(order())
    for key, of, target, prior, code in (
        ("r1", "k9", "u1", '"active"', "unknown_application"),
        ("r2", "k1", "u2", '"active"', "other_target"),
        ("r3", "k1", "u1", '"banned"', "prior_differs"),
    ):
        with pytest.raises(Refused) as error:
            executor.restore(order(key, target), of=of, prior=prior)
        assert error.value.code == code
    assert client.value() == "suspended"


def test_another_secret_is_refused_without_a_second_try(client: Client) -> None:
    with pytest.raises(Refused, match="both have one secret") as error:
        client.executor(b"x" * 32).apply(order())
    assert error.value.code == "wrong_signature"
    assert client.slept == []
    assert client.effects() == []


def test_clocks_that_are_apart_are_told_with_the_time_there(client: Client) -> None:
    for by in (timedelta(minutes=-6), timedelta(minutes=6)):
        with pytest.raises(Refused, match=r"set both by NTP.*Mon, 02 Mar 2026 12:00:00 GMT"):
            client.executor(clock=lambda by=by: START + by).apply(order())
    assert client.executor(clock=lambda: START + timedelta(minutes=4)).apply(order()).prior
    assert client.effects() == [("applied", "k1")]


def test_a_target_of_any_spelling_is_acted_on(client: Client) -> None:
    for number, target in enumerate(("a/b?c#d", "über grün", "'; DROP TABLE x", "\u202e%2F\n")):
        client.put(target, access="active")
        assert client.executor().apply(order(f"k{number}", target)).outcome == "applied"


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = Client(url, Clock())
    with pytest.raises(Unreachable, match=r"ConnectionRefusedError.*nothing was sent"):
        client.executor().apply(order())
    assert len(client.slept) == 4
    assert client.slept[0] == 0.0
    assert 0.1 <= client.slept[1] <= 0.2
    assert 0.4 <= client.slept[3] <= 0.8


def test_to_a_service_that_is_not_encrypted_nothing_is_sent_over_https(client: Client) -> None:
    url = client.url.replace("http://", "https://")
    executor = HttpExecutor(url, SECRET, clock=client.clock, sleep=client.slept.append)
    with pytest.raises(Unreachable, match="SSLError"):
        executor.apply(order())
    assert client.effects() == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://actions.example.com", "not encrypted"),
        ("ftp://actions.example.com", "none of the web"),
        ("https://", "none of the web"),
        ("https://a.example.com:port", "cannot be read"),
        ("https://ana:canary-7f3a@a.example.com", "a user, query or fragment"),
        ("https://a.example.com/?token=canary-7f3a", "a user, query or fragment"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        HttpExecutor(url, SECRET, clock=Clock())
    assert CANARY not in str(error.value)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 32"):
        HttpExecutor("https://a.example.com", b"hunter2", clock=Clock())


def test_no_log_and_no_error_names_a_target(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.put(CANARY, access="active")
    executor = client.executor()
    executor.apply(order(target=CANARY))
    executor.tell(Notice("n1", "account", CANARY, {"facts": CANARY}))
    with pytest.raises(ExecutorError) as error:
        executor.apply(order("k2", CANARY, action_class="none"))
    assert CANARY not in caplog.text
    assert CANARY not in str(error.value) + repr(error.value.__cause__) + repr(executor)
