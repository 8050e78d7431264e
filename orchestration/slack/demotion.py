"""The message that a monitor's version may not act by itself any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.measurement.precision import lower_bound
from orchestration.slack import blocks
from orchestration.slack.escape import code, escape, link
from orchestration.slack.layout import late_note
from orchestration.slack.limits import check
from orchestration.slack.message import DEMOTION, Message, Metadata
from orchestration.slack.text import counted, listed, moment, words_of

REASONS = {
    "no_rules": "no rules of enforcement are in force",
    "too_few": "too few labels of drawn units",
    "lower_bound": "its precision is not shown to be high enough any more",
    "stale": "its newest label is too old",
    "golden": "those who labelled it fail on gold",
}


@dataclass(frozen=True, slots=True)
class DemotionView:
    """A version that was taken from auto at a moment, with the figures of then.

    `why` are codes; of `n` labels `k` were right. `labels_needed` more, all right, would do; None
    where no number does.
    """

    receiver: str
    monitor: str
    version: int
    owner: str
    at: datetime
    why: tuple[str, ...]
    k: int
    n: int
    wanted: float
    wanted_n: int
    labels_needed: int | None
    url: str | None = None
    delayed: timedelta | None = None


def demotion(view: DemotionView, *, outbox_id: str) -> Message:
    """What was taken from auto and why, what it means, and how it comes back."""
    heading = "A monitor no longer acts by itself"
    reasons = listed([_reason(one) for one in view.why], most=3)
    name = f"{code(view.monitor)} version {view.version}"
    show = f"watchfloor monitors show {view.monitor}"
    see = link(view.url, "Open in Dagster") if view.url else code(show)
    body = (
        blocks.header(heading),
        *late_note(view.delayed),
        blocks.section(
            f"*{name} went from auto to review*, since {moment(view.at)}: {reasons}. What it had "
            "pending is blocked; its alerts wait for people, as before it was in auto."
        ),
        blocks.fields(
            [
                ("Precision", _precision(view)),
                ("Wanted", f"{view.wanted:.2f} or more, of {view.wanted_n:,} or more"),
                ("Labels needed", _needed(view)),
                ("Owner", escape(view.owner, 60)),
            ]
        ),
        blocks.section(f"It acts by itself again only when an approver promotes it anew. {see}"),
        blocks.context("This channel is told because the monitor's alerts are told here."),
    )
    text = (
        f"{heading}: {escape(view.monitor, 60)} version {view.version}, from auto to review. "
        f"{counted(view.n, 'label')}, {view.k:,} right. {show}"
    )
    return check(Message(view.receiver, text, body, Metadata(DEMOTION, {"outbox_id": outbox_id})))


def _reason(why: str) -> str:
    kind, _, name = why.partition(":")
    return REASONS.get(why) or f"its {words_of(kind)} {words_of(name)} failed"


def _precision(view: DemotionView) -> str:
    bound = lower_bound(view.k, view.n)
    if bound is None:
        return "not measured"
    return f"at least {bound:.3f} ({view.k:,} of {view.n:,} right, one-sided 95 %)"


def _needed(view: DemotionView) -> str:
    if view.labels_needed is None:
        return "no number does with so many wrong: tune it"
    return f"{view.labels_needed:,} more, all right" if view.labels_needed else "none"
