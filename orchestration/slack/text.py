"""The words of messages: severities, times, counts, titles, and where to look next."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.slack.escape import checked_url, code, escape, link
from orchestration.slack.limits import TEXT, cut
from orchestration.slack.views import GroupView, MonitorView

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ID = 12  # characters of an alert's id that commands take
LINK = 90  # a longer address would not fit a notification
SEVERITIES = {
    Severity.S0: "S0, imminent harm",
    Severity.S1: "S1, urgent",
    Severity.S2: "S2, in business hours",
    Severity.S3: "S3, daily digest",
}
RESTRICTED = frozenset({Harm.CHILD_SAFETY, Harm.SELF_HARM})
WORDS = {"self_harm": "self-harm", "cbrn": "CBRN", "fraud_scams": "fraud and scams"}
NOUNS = {
    "account": "account",
    "device": "device",
    "email_domain": "e-mail domain",
    "ip": "address",
    "key": "API key",
    "listing": "listing",
    "peer": "person",
    "prompt_hash": "prompt",
    "session": "session",
    "target": "target",
    "template_hash": "template",
    "text_hash": "text",
    "upload_hash": "upload",
    "user_agent": "user agent",
}
PLURALS = {"address": "addresses", "person": "people", "entity": "entities"}
SLACK_ID = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def moment(at: datetime) -> str:
    """A time in the reader's own zone; in UTC where Slack cannot know it."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{utc(at)}>"


def utc(at: datetime) -> str:
    """A time as `22 Nov 10:05 UTC`."""
    return f"{at.day} {at:%b %H:%M} UTC"


def spell(span: timedelta) -> str:
    """A length of time in at most two units, rounded down: `3 min`, `1 h 20 min`, `2 d`."""
    if span < MINUTE:
        return f"{max(int(span.total_seconds()), 0)} s"
    days, rest = divmod(span, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    parts = [(days, "d"), (hours, "h"), (minutes if not days else 0, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 alert`, `1,240 alerts`."""
    return f"{count:,} {noun if count == 1 else PLURALS.get(noun, f'{noun}s')}"


def listed(words: Sequence[str], *, most: int = 3) -> str:
    """Words in one phrase, the first few by name: `a, b and 4 more`."""
    shown = list(words) if len(words) <= most else [*words[: max(most - 1, 1)]]
    if len(shown) < len(words):
        shown.append(f"{len(words) - len(shown)} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def person(who: str) -> str:
    """Somebody: a mention for a Slack id, else their id here."""
    return f"<@{who}>" if is_user(who) else escape(who, 40)


def is_user(who: str) -> bool:
    """Whether it is the Slack id of one person."""
    return len(who) > 7 and who[0] in "UW" and set(who) <= SLACK_ID  # noqa: PLR2004 - Slack's


def words_of(name: str) -> str:
    """An identifier as words: `card_testing` is `card testing`."""
    return WORDS.get(name) or escape(name.replace("_", " "), 60)


def hidden(harms: Iterable[str], *, restricted: bool) -> bool:
    """Whether nothing but the category may be said. Child safety and self-harm always are so."""
    return restricted or not RESTRICTED.isdisjoint(harms)


def is_hidden(view: GroupView) -> bool:
    """Whether nothing of the group but its category may be said."""
    return hidden(view.harms, restricted=view.restricted)


def category(harms: Sequence[str]) -> str:
    """The kind of harm in words, as `Child safety`."""
    named = listed([words_of(harm) for harm in harms]) or "alert"
    return named[0].upper() + named[1:]


def name_of(view: GroupView) -> str:
    """What happens, in few words: the behaviour of one monitor, or the harm of several."""
    if is_hidden(view) or len(view.monitors) != 1:
        return category(view.harms)
    name = words_of(view.monitors[0].id.rpartition("/")[2])
    return name[:1].upper() + name[1:]


def title(view: GroupView) -> str:
    """`Card testing: accounts`; of a restricted group the category alone."""
    if is_hidden(view):
        return f"{name_of(view)}: restricted"
    return f"{name_of(view)}: {listed([words_of(product) for product in view.products])}"


def subjects(view: GroupView, count: int) -> str:
    """So many of what the group's alerts are about: `3 devices`; `entities` where they differ."""
    kinds = {entity.entity.rpartition("_")[0] for entity in view.entities}
    noun = NOUNS.get(kinds.pop(), "entity") if len(kinds) == 1 else "entity"
    return counted(count, noun)


def expectation(expected: float | None) -> str:
    """How many findings are usual there; says so where nobody can know."""
    if expected is None:
        return "usual number not known yet"
    if 0 < expected < 1:
        return "fewer than 1 expected"
    return f"about {expected:,.0f} expected" if expected else "none expected"


def command(view: GroupView) -> str:
    """The command that shows the worst alert of the group, or lists them."""
    if not view.entities:
        return "watchfloor alerts list"
    return f"watchfloor alerts show {view.entities[0].alert_id[:ID]}"


def look_at(view: GroupView) -> str:
    """The command that shows its case, or, while it has none, what `command` says."""
    return f"watchfloor cases show {view.cases[0]}" if view.cases else command(view)


def pointer(view: GroupView) -> str:
    """Where to look next, formatted: its case, else Dagster, else the command."""
    if view.dagster_url and not view.cases and not is_hidden(view):
        return link(view.dagster_url, "Open in Dagster")
    return code(look_at(view))


def summary(view: GroupView, said: str) -> str:
    """What a notification says: severity, what, `said`, count, monitor, and where to look.

    `said` gives way where all of it would be over 300 characters.
    """
    url = "" if is_hidden(view) or view.cases else view.dagster_url
    where = checked_url(url) if url and len(url) <= LINK else look_at(view)
    lead = f"{SEVERITIES[view.severity]}. {cut(title(view), 65)}."
    tail = where if is_hidden(view) else f"{_size(view)}. {_named(view)}. {where}"
    room = TEXT - len(lead) - len(tail) - 2
    return f"{lead} {cut(said, max(room, 1))} {tail}"


def _size(view: GroupView) -> str:
    alerts = view.total if view.state == "resolved" else view.open
    return f"{subjects(view, alerts)}, {counted(view.findings, 'finding')}"


def _named(view: GroupView) -> str:
    return f"Monitor {listed([escape(monitor.id, 45) for monitor in view.monitors], most=1)}"


def precision(monitor: MonitorView) -> str:
    """The measured precision with its sample, never a number without it."""
    if monitor.precision is None:
        return "not measured yet"
    lower, n = monitor.precision
    return f"at least {lower * 100:.0f} % (n={n:,})"


def late(delayed: timedelta | None) -> str:
    """A line that says how late the message is; empty up to a minute."""
    if delayed is None or delayed <= MINUTE:
        return ""
    return f"*Delayed by {spell(delayed)}.* Slack or Watchfloor was busy."


def lines(rows: Iterable[Any]) -> str:
    """Rows below each other."""
    return "\n".join(str(row) for row in rows)
