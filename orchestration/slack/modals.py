"""Dialogs and answers that only the person who pressed a button sees."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestration.slack import blocks
from orchestration.slack.blocks import Part
from orchestration.slack.buttons import value_of
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.escape import code, escape
from orchestration.slack.limits import check_view, cut
from orchestration.slack.message import Payload
from orchestration.slack.replies import act_text
from orchestration.slack.text import counted, is_hidden, moment, title, utc
from orchestration.slack.views import ActView, CaseView, EntityView, GroupView

CALLBACK = "false_positive"
SHOWN = 20
PER_LIST = 10  # Slack's limit for one set of checkboxes
ENTITIES, CODE = "entities", "code"


class Code(StrEnum):
    """Why something is no abuse."""

    EXPECTED = "expected"
    TEST = "test"
    BAD_DATA = "bad_data"
    TOO_LITTLE = "too_little"
    OTHER = "other"


CODES = {
    Code.EXPECTED: "Normal for this customer or product",
    Code.TEST: "Our own test or load",
    Code.BAD_DATA: "The log is wrong or doubled",
    Code.TOO_LITTLE: "True, but too little to matter",
    Code.OTHER: "Something else; I write it in the thread",
}


class NothingChosenError(SlackMessageError):
    """A dialog was sent without an entity; `answer` is what Slack shows beside its list."""

    answer: Payload = {  # noqa: RUF012 - the same for all
        "response_action": "errors",
        "errors": {f"{ENTITIES}_0": "Choose at least one, or cancel."},
    }


@dataclass(frozen=True, slots=True)
class FalsePositives:
    """Alerts that somebody holds for false: candidates for a label, which review decides on.

    Whether they belong to the thread, and the state is still the one seen, is asked by others.
    """

    thread: str
    state_hash: str
    alert_ids: tuple[str, ...]
    code: Code


def false_positive_modal(view: GroupView) -> Payload:
    """The view for views.open: entities to choose from, none chosen, and a reason.

    Raises SlackMessageError for a restricted group, and for one without entities.
    """
    if is_hidden(view) or not view.entities:
        raise SlackMessageError(
            f"Group {view.group[:12]} is restricted or has no entities; decide on it in its case."
        )
    shown = view.entities[:SHOWN]
    more = view.total - len(shown)
    only = f" The worst {SHOWN} of {view.total:,} are listed." if more > 0 else ""
    lists = [shown[i : i + PER_LIST] for i in range(0, len(shown), PER_LIST)]
    return check_view(
        {
            "type": "modal",
            "callback_id": CALLBACK,
            "private_metadata": value_of(view),
            "title": blocks.plain("False positives"),
            "submit": blocks.plain("Propose"),
            "close": blocks.plain("Cancel"),
            "blocks": [
                blocks.section(
                    f"{title(view)}. Choose those that are no abuse.{only} A reviewer decides; "
                    "nothing is closed or retuned by this."
                ),
                *(_entities(i, part) for i, part in enumerate(lists)),
                _reasons(),
            ],
        }
    )


def parse_false_positives(
    private_metadata: str, values: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> FalsePositives:
    """What was chosen, from the `private_metadata` and `state.values` of a view_submission.

    Raises NothingChosenError, or SlackMessageError where it is no answer to our dialog.
    """
    thread, bar, state_hash = private_metadata.partition("|")
    if not (thread and bar and state_hash) or "|" in state_hash:
        raise SlackMessageError("private_metadata is not 'thread|state hash'; open a new dialog.")
    try:
        chosen = tuple(dict.fromkeys(_chosen(values)))
        reason = Code(values[CODE][CODE]["selected_option"]["value"])
    except (KeyError, TypeError, ValueError) as error:
        raise SlackMessageError(
            "The dialog's state has no entities or no known reason; open a new dialog."
        ) from error
    if not chosen:
        raise NothingChosenError("No entity was chosen; choose at least one.")
    if len(chosen) > SHOWN:
        raise SlackMessageError(f"{len(chosen)} entities were chosen; the dialog lists {SHOWN}.")
    return FalsePositives(thread, state_hash, chosen, reason)


def stale_answer(view: GroupView, last: ActView | None) -> Payload:
    """To a click on what has changed since: who did what, and that nothing was done now."""
    what = act_text(view, last) if last else "There is news in the thread."
    return _answer(
        f"Nothing was done: this changed before your click. {what} "
        "The message now shows the current state."
    )


def refused_answer(reason: str) -> Payload:
    """To somebody who may not do it, or cannot."""
    return _answer(f"Nothing was done. {escape(reason, 300)}")


def failed_answer() -> Payload:
    """To somebody whose click failed, nobody knows where: it may have been done, or not."""
    return _answer(
        "This failed, and may not have been done. Look at the thread in a minute; if nothing of "
        "it shows there, press again. Nothing is done twice."
    )


def done_answer(view: GroupView, act: ActView) -> Payload:
    """To somebody whose click took effect."""
    return _answer(f"Done: {act_text(view, act)}")


def case_answer(view: CaseView) -> Payload:
    """To somebody who asked for the case: where it is, until when, and how to work on it."""
    case = code(view.case_id)
    opened = f"Opened {case}" if view.is_new else f"Case {case}"
    if view.queue is None:
        stands = "It is restricted: people with the skills of its queue see more."
    else:
        due = f", due {moment(view.due_at)} ({utc(view.due_at)})" if view.due_at else ""
        state = escape((view.state or "").replace("_", " "), 40)
        stands = f"Queue {code(view.queue)}, {state}{due}."
    more = f" {counted(view.others, 'more case')} of this thread." if view.others else ""
    return _answer(
        f"{opened}. {stands}{more} See it: {code(f'watchfloor cases show {view.case_id}')}"
    )


def incident_answer(incident_id: str, state: str, *, again: bool) -> Payload:
    """To somebody who declared an incident, or did what was done before."""
    name, see = code(incident_id), code(f"watchfloor incident show {incident_id}")
    if again:
        return _answer(
            f"This thread is part of incident {name} already; it is {state}. See it: {see}"
        )
    return _answer(f"Done: you declared incident {name}, and command it. See it: {see}")


def _answer(text: str) -> Payload:
    return {"text": cut(text, 600), "blocks": [blocks.section(text)]}


def _entities(number: int, entities: tuple[EntityView, ...]) -> Part:
    options = [
        blocks.option(
            escape(entity.entity, 75),
            entity.alert_id,
            note=f"{entity.severity.name}, {entity.state}, {counted(entity.count, 'finding')}",
        )
        for entity in entities
    ]
    return {
        "type": "input",
        "block_id": f"{ENTITIES}_{number}",
        "optional": True,  # as one list of two may stay empty; that both do is refused
        "label": blocks.plain("Entities" if number == 0 else "More entities"),
        "element": {"type": "checkboxes", "action_id": ENTITIES, "options": options},
    }


def _reasons() -> Part:
    return {
        "type": "input",
        "block_id": CODE,
        "label": blocks.plain("Why are they no abuse?"),
        "element": {
            "type": "static_select",
            "action_id": CODE,
            "placeholder": blocks.plain("Choose a reason"),
            "options": [blocks.option(text, code) for code, text in CODES.items()],
        },
    }


def _chosen(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    lists = [answers[ENTITIES] for block, answers in values.items() if block != CODE]
    if not lists:
        raise KeyError(ENTITIES)
    for answer in lists:
        for option in answer["selected_options"]:
            if not isinstance(option["value"], str):
                raise TypeError
            yield option["value"]
