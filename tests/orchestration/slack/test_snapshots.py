import pytest
from slack_sdk.models.blocks import Block

from orchestration.slack.samples import samples
from tests.orchestration.slack.expected import FOLDER, REPLIES, messages, text_of

ALL = messages()
GROUPS = ("first", "acked", "escalated", "resolved", "delayed")


@pytest.mark.parametrize("name", ALL)
def test_a_message_is_exactly_the_expected_one(name: str) -> None:
    assert text_of(ALL[name]) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def test_every_snapshot_has_its_message() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(ALL)


def test_every_reply_of_the_samples_has_a_snapshot() -> None:
    of_samples = sum(len(sample.replies) for sample in samples().values())
    assert of_samples == len(REPLIES)


@pytest.mark.parametrize("name", ALL)
def test_slacks_own_library_finds_nothing_wrong_with_a_message(name: str) -> None:
    for block in Block.parse_all(list(ALL[name].blocks)):
        block.validate_json()


@pytest.mark.parametrize("name", ALL)
def test_a_message_is_short_and_never_unfurls(name: str) -> None:
    payload = ALL[name].payload()
    assert len(payload["blocks"]) <= 12
    assert 0 < len(payload["text"]) <= 300
    assert payload["unfurl_links"] is payload["unfurl_media"] is False


@pytest.mark.parametrize("name", GROUPS)
def test_a_notification_says_severity_monitor_product_count_and_where_to_look(name: str) -> None:
    text = ALL[name].text
    chat = name in {"acked", "escalated"}
    assert text.startswith("S2, in business hours. " if name == "acked" else "S1, urgent. ")
    assert ("chat/mass_messages" if chat else "accounts/card_testing") in text
    assert (": chat." if chat else ": accounts.") in text
    assert ("3 accounts, 41 findings" if chat else "3 devices, 14 findings") in text
    where = "watchfloor alerts show a00e5b71c90a"
    assert text.endswith(where if chat else "watchfloor cases show case_7c20d9f35b1e9042")
