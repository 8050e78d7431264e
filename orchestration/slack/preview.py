"""Messages as one HTML page that looks like Slack, to be read before anybody receives one."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape as quoted
from html import unescape
from typing import Any

from orchestration.slack.message import Block, Message, Payload
from orchestration.slack.preview_style import STYLE
from orchestration.slack.sample_views import NIGHT
from orchestration.slack.samples import Sample

TOKEN = re.compile(
    r"`(?P<code>[^`\n]+)`|<(?P<angle>[^<>]+)>|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)|(?P<line>\n)"
)
INTRO = (
    "Every kind of message Watchfloor writes, with a made-up night as the example. Times are UTC "
    "here; Slack shows each reader their own. Nothing on this page can be pressed."
)


def page(samples: Mapping[str, Sample], dialogs: Mapping[str, Payload]) -> str:
    """The whole page. It loads nothing, so it can be read anywhere; equal inputs, equal bytes."""
    links = "".join(
        f'<li><a href="#{quoted(name)}">{quoted(title)}</a></li>'
        for name, title in [
            *((name, sample.title) for name, sample in samples.items()),
            *((_slug(title), title) for title in dialogs),
        ]
    )
    threads = "".join(_sample(name, sample) for name, sample in samples.items())
    views = "".join(_dialog(title, view) for title, view in dialogs.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Watchfloor in Slack</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Watchfloor in Slack</h1>\n<p>{INTRO}</p>\n"
        f'<nav aria-label="Messages"><ul>{links}</ul></nav>\n'
        f"<main>\n{threads}{views}</main>\n</body>\n</html>\n"
    )


def formatted(text: str) -> str:
    """HTML of a text in Slack's format."""
    made, end = [], 0
    for token in TOKEN.finditer(text):
        made += [_words(text[end : token.start()]), _token(token)]
        end = token.end()
    return "".join([*made, _words(text[end:])])


def _token(token: re.Match[str]) -> str:
    kind = token.lastgroup
    if kind == "code":
        return f"<code>{_words(token['code'])}</code>"
    if kind == "bold":
        return f"<strong>{formatted(token['bold'])}</strong>"
    if kind == "italic":
        return f"<em>{formatted(token['italic'])}</em>"
    return "<br>" if kind == "line" else _angle(token["angle"])


def _angle(inner: str) -> str:
    target, _, words = inner.partition("|")
    if target.startswith("!date^"):
        at = datetime.fromtimestamp(int(target.split("^")[1]), UTC)
        return f'<time datetime="{at:%Y-%m-%dT%H:%MZ}">{_time(at)}</time>'
    if target.startswith(("@", "!")):
        return f'<span class="mention">{_words(target)}</span>'
    url = quoted(unescape(target))
    return f'<a href="{url}">{_words(words or target)}</a>'


def _words(text: str) -> str:
    return quoted(unescape(text), quote=False)


def _time(at: datetime) -> str:
    days = (at.date() - NIGHT.date()).days
    day = {0: "today", -1: "yesterday", 1: "tomorrow"}.get(days, f"{at:%b} {at.day}, {at.year}")
    return f"{day} at {at:%H:%M}"


def _sample(name: str, sample: Sample) -> str:
    replies = "".join(_message(message, spoken=False) for message in sample.replies)
    thread = (
        f'<div class="thread" role="group" aria-label="Replies">{replies}</div>' if replies else ""
    )
    return (
        f'<section id="{quoted(name)}"><h2>{quoted(sample.title)}</h2>\n'
        f"{_message(sample.message)}{thread}</section>\n"
    )


def _message(message: Message, *, spoken: bool = True) -> str:
    said = f'<p class="text"><b>Notification:</b> {formatted(message.text)}</p>' if spoken else ""
    shown = "".join(map(_block, message.blocks))
    sent = "Also sent to the channel. " if message.reply_broadcast else ""
    return (
        '<article class="message"><div class="avatar" aria-hidden="true">W</div><div>'
        '<p class="by"><b>Watchfloor</b> <span class="app">APP</span> '
        f'<span class="at">{NIGHT:%H:%M}, {sent}{quoted(message.channel)}</span></p>\n'
        f"{shown}{said}</div></article>\n"
    )


def _dialog(title: str, view: Payload) -> str:
    shown = "".join(map(_block, view["blocks"]))
    return (
        f'<section id="{_slug(title)}"><h2>{quoted(title)}</h2>\n'
        f'<div class="dialog" role="group" aria-label="{quoted(title)}">'
        f"<h3>{_words(view['title']['text'])}</h3>{shown}"
        f'<p class="row end">{_press(view["close"]["text"])}'
        f"{_press(view['submit']['text'], primary=True)}</p></div></section>\n"
    )


def _slug(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower())


def _block(block: Block) -> str:
    kind = block["type"]
    if kind == "header":
        return f"<h3>{_text(block['text'])}</h3>\n"
    if kind == "section":
        words = f"<p>{_text(block['text'])}</p>\n" if "text" in block else ""
        cells = "".join(f"<div>{_text(cell)}</div>" for cell in block.get("fields", ()))
        return words + (f'<div class="fields">{cells}</div>\n' if cells else "")
    if kind == "context":
        parts = "".join(f"<span>{_text(part)}</span>" for part in block["elements"])
        return f'<p class="context">{parts}</p>\n'
    if kind == "input":
        legend = f"<legend>{_text(block['label'])}</legend>"
        return f"<fieldset>{legend}{_element(block['element'])}</fieldset>\n"
    asks = "".join(_confirm(part["confirm"]) for part in block["elements"] if "confirm" in part)
    return f'<div class="row">{"".join(map(_element, block["elements"]))}</div>{asks}\n'


def _text(part: Mapping[str, Any]) -> str:
    text: str = part["text"]
    return formatted(text) if part["type"] == "mrkdwn" else _words(text)


def _element(part: Mapping[str, Any]) -> str:
    if part["type"] == "button":
        says = part.get("accessibility_label", "")
        return _press(part["text"]["text"], says=says, primary=part.get("style") == "primary")
    if part["type"] == "checkboxes":
        return "".join(map(_checkbox, part["options"]))
    label = part["placeholder"]["text"]
    options = "".join(f"<option>{_text(option['text'])}</option>" for option in part["options"])
    return (
        f'<select aria-label="{quoted(label)}"><option>{_words(label)}</option>{options}</select>'
    )


def _checkbox(option: Mapping[str, Any]) -> str:
    note = f" <small>{_text(option['description'])}</small>" if "description" in option else ""
    return f'<label><input type="checkbox"> {_text(option["text"])}{note}</label>'


def _confirm(part: Mapping[str, Any]) -> str:
    return (
        f"<details><summary>What is asked first</summary><b>{_text(part['title'])}</b> "
        f"{_text(part['text'])}</details>\n"
    )


def _press(label: str, *, says: str = "", primary: bool = False) -> str:
    told = f' aria-label="{quoted(unescape(says))}"' if says else ""
    style = ' class="primary"' if primary else ""
    return f'<button type="button"{style}{told}>{_words(label)}</button>'
