import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.slack import blocks
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.limits import check, check_view, cut
from orchestration.slack.message import Block, Message, Metadata

META = Metadata("alert_group", {"outbox_id": "ob_1"})
MARKED = st.lists(
    st.sampled_from(
        ["word ", "`code` ", "&amp;", "<https://a.example|x> ", "<!date^1^{time}|10:05 UTC> "]
    ),
    max_size=30,
).map("".join)


def message(*made: Block, text: str = "Words") -> Message:
    return Message("C0ABUSE", text, made, META)


def press(**more: str) -> dict[str, Any]:
    return {**blocks.button("Ack", action="ack", value="t|h", says="Ack it"), **more}


def test_texts_of_ours_are_cut() -> None:
    long = "x" * 5000
    made = check(
        message(
            blocks.header(long),
            blocks.section(long),
            blocks.fields([("Name", long)]),
            blocks.context(long),
            blocks.actions([press(accessibility_label=long)], block_id="a"),
            text=long,
        )
    )
    head, paragraph, pairs, small, row = made.blocks
    assert len(head["text"]["text"]) == 150
    assert len(paragraph["text"]["text"]) == 2800
    assert len(pairs["fields"][0]["text"]) == 2000
    assert len(small["elements"][0]["text"]) == 2800
    assert len(row["elements"][0]["accessibility_label"]) == 75
    assert len(made.text) == 300


def test_texts_of_a_menu_and_its_question_are_cut() -> None:
    long = "x" * 500
    asks = blocks.confirmation(long, long, yes=long, no=long)
    choices = [blocks.option(long, "v", note=long)]
    made = check(
        message(
            blocks.actions(
                [blocks.menu(long, action="snooze", options=choices, confirm=asks)], block_id="a"
            )
        )
    )
    menu = made.blocks[0]["elements"][0]
    assert len(menu["placeholder"]["text"]) == 150
    assert len(menu["options"][0]["text"]["text"]) == 75
    assert len(menu["options"][0]["description"]["text"]) == 75
    sizes = [len(menu["confirm"][name]["text"]) for name in ("title", "text", "confirm", "deny")]
    assert sizes == [100, 300, 30, 30]


def test_what_is_within_the_limits_is_left_as_it_is() -> None:
    made = message(blocks.header("Title"), blocks.section("*Words*"))
    assert check(made) == made


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (press(value="x" * 2001), "The value of a button: 2001; Slack takes 2000"),
        (press(action_id="x" * 256), "The action_id of a button: 256"),
        (press(url="https://a.example/" + "x" * 3000), "The url of a button: 3018"),
    ],
)
def test_a_value_too_long_is_refused(part: dict[str, Any], says: str) -> None:
    with pytest.raises(SlackMessageError, match=says):
        check(message(blocks.actions([part], block_id="a")))


def test_too_many_parts_are_refused() -> None:
    row = [press(action_id=f"a{i}") for i in range(26)]
    for made, says in [
        ([blocks.section("x")] * 51, "The blocks of a message: 51; Slack takes 50"),
        ([blocks.fields([("a", "b")] * 11)], "The fields of a section: 11"),
        ([blocks.context(*["x"] * 11)], "The elements of a context: 11"),
        ([blocks.actions(row, block_id="a")], "The elements of a actions: 26"),
    ]:
        with pytest.raises(SlackMessageError, match=says):
            check(message(*made))


def test_fifty_blocks_are_taken() -> None:
    assert len(check(message(*[blocks.section("x")] * 50)).blocks) == 50


@pytest.mark.parametrize("text", ["", " "])
def test_a_message_without_words_for_a_screen_reader_is_refused(text: str) -> None:
    with pytest.raises(SlackMessageError, match="lacks its channel or its text"):
        check(message(blocks.section("x"), text=text))


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(SlackMessageError, match="The text of a section is empty"):
        check(message(blocks.section("")))


def test_a_block_whose_limits_nobody_wrote_down_is_refused() -> None:
    with pytest.raises(SlackMessageError, match="kind 'video'"):
        check(message({"type": "video"}))


def test_ids_that_would_not_be_told_apart_are_refused() -> None:
    with pytest.raises(SlackMessageError, match="same action_id"):
        check(message(blocks.actions([press(), press()], block_id="a")))
    row = blocks.actions([press()], block_id="a")
    with pytest.raises(SlackMessageError, match="same block_id"):
        check(message(row, row))


def test_a_long_block_id_is_refused() -> None:
    with pytest.raises(SlackMessageError, match="block_id of a actions"):
        check(message(blocks.actions([press()], block_id="x" * 256)))


def test_a_dialogs_titles_are_cut_and_its_metadata_refused() -> None:
    view = {
        "type": "modal",
        "title": blocks.plain("x" * 50),
        "private_metadata": "t|h",
        "blocks": [blocks.section("x")],
    }
    assert check_view(view)["title"]["text"] == "x" * 23 + "…"
    with pytest.raises(SlackMessageError, match="private_metadata of a modal: 3001"):
        check_view({**view, "private_metadata": "x" * 3001})


@given(MARKED, st.integers(2, 200))
def test_a_cut_never_falls_inside_a_link_a_date_an_entity_or_code(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert short.count("<") == short.count(">")
    assert short.count("`") % 2 == 0
    assert "&" not in re.sub(r"&amp;", "", short)
