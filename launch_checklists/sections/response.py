"""Whether people can respond: alerts arrive, runbooks are fresh, reviewers keep up."""

from functools import partial

from launch_checklists.checklist import Capacity, Checklist, HarmNeed
from launch_checklists.facts import Facts, QueueFacts, Runbook, Trial
from launch_checklists.item import Item, Outcome, Probe, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Length, Stage, length_text
from launch_checklists.seeing import failed, named, passed, tried

RUNBOOK_DAYS = 180  # operations §4.2
HEADINGS = ("What it means", "First three queries", "False alarms", "Who decides")


def response(checklist: Checklist, stage: Stage) -> list[Item]:
    """Alert routes, runbooks, and the queue with its capacity and languages."""
    owner, slack = checklist.product.owner, checklist.slack

    def item(kind: str, name: str, requirement: str, probe: Probe, *after: str) -> Item:
        return Item(
            id=name,
            section=name.split(".", maxsplit=1)[0],
            level=level(kind, stage),
            requirement=requirement,
            owner=owner,
            probe=probe,
            after=after,
        )

    within = slack.tested_within
    routes = [
        item(
            "route",
            f"alerting.{use}",
            f"A test message came through the channel for {use} in the last {length_text(within)}.",
            partial(_tested, channel, within),
        )
        for use, channel in (("alerts", slack.alerts), ("digest", slack.digest))
    ]
    runbooks = [
        item(
            "runbook",
            f"runbooks.{harm.id.value}",
            f"{harm.runbook} is at most {RUNBOOK_DAYS} days old and has {', '.join(HEADINGS)}.",
            partial(_runbook, harm),
        )
        for harm in checklist.harms
        if harm.runbook is not None
    ]
    need = checklist.capacity
    queue = [
        item("queue", "capacity.queue", f"There is a queue {need.queue}.", partial(_queue, need)),
        item(
            "capacity",
            "capacity.reviewers",
            f"{need.queue} can do what comes: the forecast, and {need.forecast_p90_per_day} a day.",
            partial(_enough, need),
            "capacity.queue",
        ),
        *(
            item(
                "languages",
                f"capacity.languages.{language}",
                f"Somebody of {need.queue} reads {language}.",
                partial(_reads, need, language),
                "capacity.queue",
            )
            for language in need.languages
        ),
    ]
    return [*routes, *runbooks, *queue]


def _tested(channel: str, within: Length, facts: Facts) -> Seen:
    fix = f"watchfloor launch test-route {channel}"
    lack = Seen(Outcome.UNKNOWN, "no test message was ever sent to it.", fix=fix)

    def seen(trial: Trial) -> Seen:
        return tried(trial, within=within, now=facts.at, what="The test message", fix=fix)

    return named(facts.routes, channel, seen, lack=lack)


def _runbook(harm: HarmNeed, facts: Facts) -> Seen:
    lack = failed("there is no such file.", fix="Write it; watchfloor launch scaffold begins one.")
    return named(facts.runbooks, harm.runbook or "", partial(_fresh, facts), lack=lack)


def _fresh(facts: Facts, book: Runbook) -> Seen:
    missing = [name for name in HEADINGS if name not in book.headings]
    age = (facts.at.date() - book.changed).days
    if missing:
        return failed(f"it has no heading {', '.join(missing)}.", fix="Write what is missing.")
    if age > RUNBOOK_DAYS:
        return failed(
            f"it was last changed {age} days ago.", fix="Read it, and mend or confirm it."
        )
    return passed(f"it was last changed {age} days ago.")


def _queue(need: Capacity, facts: Facts) -> Seen:
    return named(facts.queues, need.queue, lambda _: passed("it is there."), lack=_absent(need))


def _absent(need: Capacity) -> Seen:
    return failed(f"there is no queue {need.queue}.", fix="Write it into queues.yaml.")


def _enough(need: Capacity, facts: Facts) -> Seen:
    return named(facts.queues, need.queue, partial(_compared, need), lack=_absent(need))


def _compared(need: Capacity, queue: QueueFacts) -> Seen:
    if queue.capacity is None:
        text = "nobody knows what the queue can do: too few cases were decided."
        return Seen(Outcome.UNKNOWN, text, queue.at, "Decide cases for a while.")
    if queue.forecast_p90 is None:
        text = "nobody knows what comes to the queue already: its history is too short."
        return Seen(Outcome.UNKNOWN, text, queue.at, "Let cases come in for some weeks.")
    comes = need.forecast_p90_per_day + queue.forecast_p90
    parts = f"{queue.capacity:.0f} a day can be done"
    text = f"{parts}; {comes:.0f} come, of which {need.forecast_p90_per_day} with this launch."
    if queue.capacity < comes:
        return failed(text, fix="More reviewers, or a smaller stage.", since=queue.at)
    return passed(text, queue.at)


def _reads(need: Capacity, language: str, facts: Facts) -> Seen:
    def seen(queue: QueueFacts) -> Seen:
        if language in queue.languages:
            return passed("somebody does.")
        return failed("nobody does.", fix="Add the skill to somebody in people.yaml, or waive.")

    return named(facts.queues, need.queue, seen, lack=_absent(need))
