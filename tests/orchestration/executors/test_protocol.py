from datetime import datetime

import pytest

from orchestration.executors.errors import ConfigurationError
from orchestration.executors.protocol import Notice
from tests.orchestration.reference_service.services import CANARY, order


def test_what_is_shown_of_an_order_or_a_notice_does_not_name_its_target() -> None:
    notice = Notice("n1", "account", CANARY, {"facts": CANARY})
    assert CANARY not in repr(order(target=CANARY))
    assert CANARY not in repr(notice)
    assert "suspend_account" in repr(order())


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"key": ""}, "A key has 1 to 200"),
        ({"key": "a/b"}, "A key has 1 to 200"),
        ({"key": "k" * 201}, "A key has 1 to 200"),
        ({"target": ""}, "1 to 500 characters"),
        ({"target": "x" * 501}, "1 to 500 characters"),
        ({"target_type": "Account"}, "target_type is no name"),
        ({"action_class": "a b"}, "action_class is no name"),
        ({"action": ""}, "action is no name"),
        ({"value": "suspended"}, "value is no JSON text"),
        ({"value": '"' + "x" * 4000 + '"'}, "longer than 4000"),
        ({"until": datetime(2026, 3, 2)}, "no time zone"),  # noqa: DTZ001 - which is the mistake
    ],
)
def test_an_order_that_cannot_be_sent_cannot_be_made(part: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        order(**part)  # type: ignore[arg-type]


@pytest.mark.parametrize(("key", "target"), [("a b", "u1"), ("n1", "")])
def test_a_notice_that_cannot_be_sent_cannot_be_made(key: str, target: str) -> None:
    with pytest.raises(ConfigurationError):
        Notice(key, "account", target, {})
