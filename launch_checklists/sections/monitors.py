"""Each required monitor: it exists, is scheduled, runs, sees its canary, may act, is measured."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from launch_checklists.checklist import Checklist, HarmNeed, MonitorNeed
from launch_checklists.facts import Check, Facts, MonitorFacts
from launch_checklists.item import Item, Outcome, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Stage, length_text
from launch_checklists.sections.measured import backtested, precise, recalls
from launch_checklists.seeing import ago, failed, given, named, passed

TRIAL = timedelta(days=7)  # in which its findings are looked at before it may act
MODES = ("draft", "shadow", "review", "auto")
CANARY = "canary"
Look = Callable[[MonitorFacts, Facts], Seen]


def monitors(checklist: Checklist, stage: Stage) -> list[Item]:
    """The items of every monitor that a harm names, each once."""
    found: dict[str, Item] = {}
    for harm in checklist.harms:
        for need in harm.monitors:
            for item in _of_monitor(harm, need, stage):
                found.setdefault(item.id, item)
    return list(found.values())


def _of_monitor(harm: HarmNeed, need: MonitorNeed, stage: Stage) -> Iterator[Item]:
    name = f"monitors.{need.id}"

    def item(kind: str, requirement: str, look: Look, *after: str) -> Item:
        return Item(
            id=f"{name}.{kind}",
            section="monitors",
            level=level(kind, stage, harm.tier),
            requirement=requirement,
            owner=need.id,
            probe=partial(_of, need.id, look),
            after=tuple(f"{name}.{one}" for one in after),
            asset=need.id,
        )

    yield item("exists", f"{need.id} watches for {harm.id.value}.", partial(_sound, harm))
    yield item("scheduled", "Dagster starts it by itself.", _scheduled, "exists")
    longest = length_text(need.max_age)
    yield item(
        "fresh", f"It ran in the last {longest}.", partial(_fresh, need), "exists", "scheduled"
    )
    yield item(
        "canary", "It finds its own canary.", partial(_checks, need, canary=True), "exists", "fresh"
    )
    yield item(
        "checks", "Its other checks pass.", partial(_checks, need, canary=False), "exists", "fresh"
    )
    yield item(
        "mode", f"Its effective mode is at least {need.mode}.", partial(_mode, need), "exists"
    )
    yield item("trial", f"This version has run for {TRIAL.days} days.", _trial, "exists")
    yield item("backtest", "This version was backtested in the last 30 days.", backtested, "exists")
    if need.precision is not None:
        wanted = need.precision
        text = (
            f"Its precision is at least {wanted.lower_bound:.2f} (one-sided 95 % bound) from at "
            f"least {wanted.min_n} judgements of {length_text(wanted.window)}."
        )
        yield item("precision", text, partial(precise, wanted), "exists")
    if need.seeded_recall is not None:
        seeded = need.seeded_recall
        text = f"It finds at least {seeded.min:.0%} of the set {seeded.set}."
        yield item("seeded_recall", text, partial(recalls, seeded), "exists")


def _of(monitor: str, look: Look, facts: Facts) -> Seen:
    """What a look at one monitor sees, once the monitor is there."""
    return named(facts.monitors, monitor, lambda one: look(one, facts), lack=_absent(monitor))


def _absent(monitor: str) -> Seen:
    return failed("it does not exist.", fix=f"watchfloor monitors new {monitor}")


def _sound(harm: HarmNeed, one: MonitorFacts, _: Facts) -> Seen:
    if one.broken is not None:
        return failed(f"its file cannot be loaded: {one.broken}", fix="Mend the file.")
    if one.harm != harm.id.value:
        text = f"it watches for {one.harm}."
        return failed(text, fix=f"Name a monitor of {harm.id.value}.")
    return passed(f"version {one.version}, of {one.owner}.")


def _scheduled(one: MonitorFacts, _: Facts) -> Seen:
    def seen(on: bool) -> Seen:  # noqa: FBT001 - a fact of one word
        if on:
            return passed("its schedule runs.")
        return failed("its schedule is stopped.", fix="Start the schedule in the Dagster UI.")

    return given(one.scheduled, seen, fix="Start the daemon; `watchfloor dev` does.")


def _fresh(need: MonitorNeed, one: MonitorFacts, facts: Facts) -> Seen:
    def seen(ran: datetime) -> Seen:
        age = facts.at - ran
        text = f"it last ran {ago(age)} ago."
        if age > need.max_age:
            return failed(text, fix="Look at its last runs in the Dagster UI.", since=ran)
        return passed(text, ran)

    return given(one.ran, seen, fix="Start its job in the Dagster UI.")


def _checks(need: MonitorNeed, one: MonitorFacts, facts: Facts, *, canary: bool) -> Seen:
    def seen(checks: Mapping[str, Check]) -> Seen:
        mine = {name: check for name, check in checks.items() if (name == CANARY) is canary}
        return _all_pass(mine, need, facts)

    return given(one.checks, seen, fix="Run the monitor once.")


def _all_pass(mine: dict[str, Check], need: MonitorNeed, facts: Facts) -> Seen:
    if not mine:
        return Seen(Outcome.UNKNOWN, "it never ran.", fix="Run the monitor once.")
    oldest = min(check.at for check in mine.values())
    bad = sorted(name for name, check in mine.items() if not check.passed)
    if bad:
        return failed(
            f"{', '.join(bad)} failed.", fix="See the check's result in the UI.", since=oldest
        )
    if facts.at - oldest > need.max_age:
        text = f"{', '.join(sorted(mine))} passed {ago(facts.at - oldest)} ago."
        return Seen(Outcome.UNKNOWN, text, oldest, "Run the monitor again.")
    return passed(f"{', '.join(sorted(mine))} passed.", oldest)


def _mode(need: MonitorNeed, one: MonitorFacts, _: Facts) -> Seen:
    def seen(mode: str) -> Seen:
        if mode in MODES and MODES.index(mode) >= MODES.index(need.mode):
            return passed(f"it is {mode}.", one.since)
        fix = f"watchfloor monitors promote {need.id} {need.mode}"
        return failed(f"it is {mode}.", fix=fix, since=one.since)

    return given(one.mode, seen, fix="See `watchfloor doctor`.")


def _trial(one: MonitorFacts, facts: Facts) -> Seen:
    def seen(first: datetime) -> Seen:
        age = facts.at - first
        text = f"it has run for {ago(age)}."
        if age < TRIAL:
            fix = f"Wait until {first + TRIAL:%Y-%m-%d %H:%M} UTC."
            return failed(text, fix=fix, since=first)
        return passed(text, first)

    return given(one.first, seen, fix="Start its job in the Dagster UI.")
