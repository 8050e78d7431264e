"""What must have been measured of a monitor: backtest, precision, and recall on known cases."""

from datetime import timedelta

from launch_checklists.checklist import Precision, SeededRecall
from launch_checklists.facts import Backtest, Facts, MonitorFacts, Quality
from launch_checklists.item import Outcome, Seen
from launch_checklists.parts import length_text
from launch_checklists.seeing import ago, failed, given, passed

BACKTEST = timedelta(days=30)
SEEDED = timedelta(days=30)


def backtested(one: MonitorFacts, facts: Facts) -> Seen:
    """A backtest of this very version, not too old, was kept."""

    def seen(kept: Backtest) -> Seen:
        if kept.version != one.version:
            text = f"the newest backtest is of version {kept.version}; this is {one.version}."
            return failed(text, fix="watchfloor backtest --keep", since=kept.at)
        if facts.at - kept.at > BACKTEST:
            text = f"it was backtested {ago(facts.at - kept.at)} ago."
            return Seen(Outcome.UNKNOWN, text, kept.at, "watchfloor backtest --keep")
        return passed(f"it showed {kept.a_day:.1f} findings a day.", kept.at)

    return given(one.backtest, seen, fix="watchfloor backtest --keep")


def precise(wanted: Precision, one: MonitorFacts, facts: Facts) -> Seen:
    """The lower bound and the number of judgements reach what is wanted, on fresh labels."""

    def seen(found: Quality) -> Seen:
        if found.lower is None or found.newest is None:
            text = "no drawn unit of this version has been judged."
            return Seen(Outcome.UNKNOWN, text, fix="watchfloor review next")
        text = (
            f"v{one.version}: lower bound {found.lower:.3f} ({found.k} of {found.n} violating; "
            "one-sided 95 % Clopper-Pearson)"
        )
        if facts.at - found.newest > wanted.window or found.state == "stale":
            old = f"{text}; the newest label is {ago(facts.at - found.newest)} old."
            return Seen(Outcome.UNKNOWN, old, found.newest, "watchfloor review next")
        return _compared(wanted, found, text)

    return given(one.quality, seen, fix="watchfloor review next")


def _compared(wanted: Precision, found: Quality, text: str) -> Seen:
    short = []
    if found.lower is None or found.lower < wanted.lower_bound:
        short.append(f"below {wanted.lower_bound:.2f}")
    if found.n < wanted.min_n:
        short.append(f"{wanted.min_n - found.n} judgements short of {wanted.min_n}")
    if short:
        fix = "Tune the monitor, or judge what is drawn: watchfloor review next"
        return failed(f"{text}; {' and '.join(short)}.", fix=fix, since=found.newest)
    return passed(f"{text}.", found.newest)


def recalls(wanted: SeededRecall, one: MonitorFacts, facts: Facts) -> Seen:
    """This version found the share that is wanted of a named set, not too long ago."""
    kept = one.seeded.get(wanted.set)
    fix = f"watchfloor launch seed {wanted.set}"
    if kept is None:
        return Seen(Outcome.UNKNOWN, f"it never ran on {wanted.set}.", fix=fix)
    text = f"v{kept.version} found {kept.found} of {kept.of}."
    if kept.version != one.version or facts.at - kept.at > SEEDED or not kept.of:
        old = f"{text} This is v{one.version}; a run counts for {length_text(SEEDED)}."
        return Seen(Outcome.UNKNOWN, old, kept.at, fix)
    if kept.found / kept.of < wanted.min:
        return failed(text, fix="See which it missed; tune the monitor.", since=kept.at)
    return passed(text, kept.at)
