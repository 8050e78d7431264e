from datetime import timedelta

import pytest

from monitors.contract import Mode, Severity
from orchestration.alerts.actions import unsilence
from orchestration.alerts.errors import AlertError
from orchestration.alerts.matchers import Matcher, parse_matcher
from orchestration.alerts.records import AlertState, Watched
from orchestration.alerts.rules import Inhibition
from tests.orchestration.alerts.builders import HOUR, SPAM, THEFT, Desk, at, evaluation, finding

BY_PRODUCT = Inhibition(
    "theft explains spam",
    (parse_matcher(f'monitor="{THEFT}"'),),
    (parse_matcher(f'monitor="{SPAM}"'),),
    ("entity",),
)


def test_a_silence_mutes_notices_and_leaves_the_alert_as_it_is() -> None:
    loud, quiet = Desk(), Desk()
    quiet.silence(0, 8)
    for desk in (loud, quiet):
        desk.tick(0, finding(0))
        desk.tick(1, finding(1))
    alert = quiet.alert()
    assert alert.silenced_by == ("s0",)
    assert (alert.state, alert.count, alert.revision) == (
        loud.alert().state,
        loud.alert().count,
        loud.alert().revision,
    )
    assert (quiet.reasons(), loud.reasons()) == ([], ["first"])


def test_a_silence_that_ends_tells_what_still_fires_in_the_next_step() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.silence(2, 4)
    desk.step(2.1)
    desk.step(3.99)
    assert desk.reasons() == ["first"]
    desk.step(4)
    assert desk.reasons() == ["first", "silence_expired"]
    assert desk.state.silences == {}


def test_each_end_of_a_silence_is_told_once() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    for start in (2, 4):
        desk.silence(start, start + 1)
        desk.step(start + 0.1)
        desk.step(start + 1)
        desk.step(start + 1.1)
    assert desk.reasons() == ["first", "silence_expired", "silence_expired"]
    assert len({intent.state_hash for intent in desk.told}) == 3


def test_a_silence_that_a_person_ends_tells_at_once_too() -> None:
    desk = Desk()
    desk.silence(0, 8)
    desk.tick(0, finding(0))
    desk.state = unsilence(desk.state, silence_id="s0")
    desk.step(2)
    assert desk.reasons() == ["first"]


def test_what_is_resolved_in_a_silence_is_not_told_when_it_ends() -> None:
    desk = Desk()
    desk.silence(0, 8)
    for hour, found in ((0, (finding(0),)), (1, ()), (2, ())):
        desk.tick(hour, *found)
    desk.step(8)
    assert desk.alert().state == AlertState.RESOLVED
    assert desk.reasons() == []


def test_a_graver_alert_is_silenced_for_a_shorter_time() -> None:
    desk = Desk()
    desk.silence(0, 24)
    desk.tick(0, finding(0, "grave", severity=Severity.S0), finding(0, "light"))
    desk.step(1.9)
    assert desk.reasons() == []
    desk.step(2)
    (intent,) = desk.told
    assert intent.changes == ((desk.alert("grave").alert_id, "first"),)
    assert desk.alert("light").silenced_by == ("s0",)


@pytest.mark.parametrize(
    ("matcher", "hours", "message"),
    [
        ('monitor!="x"', 1, "matches alerts without labels"),
        ('product=~".*"', 1, "matches alerts without labels"),
        ('monitor="x"', 0, "wanted an end after its start"),
        ('monitor="x"', 24 * 15, "the longest allowed is 14 days"),
    ],
)
def test_a_silence_that_cannot_be_is_refused(matcher: str, hours: int, message: str) -> None:
    with pytest.raises(AlertError, match=message):
        Desk().silence(0, hours, matcher)


def test_inhibition_mutes_the_target_with_equal_labels_only() -> None:
    desk = Desk()
    desk.set(inhibitions=(BY_PRODUCT,))
    desk.step(
        1.1,
        evaluation(0),
        evaluation(0, monitor=THEFT),
        found=(finding(0, "a"), finding(0, "b"), finding(0, "a", monitor=THEFT)),
    )
    assert desk.alert("a").inhibited_by == (desk.alert("a", THEFT).alert_id,)
    assert desk.alert("b").inhibited_by == ()
    assert desk.alert("a").state == AlertState.FIRING
    told = {alert_id for intent in desk.told for alert_id, _ in intent.changes}
    assert told == {desk.alert("b").alert_id, desk.alert("a", THEFT).alert_id}


def test_what_was_inhibited_is_told_when_its_source_is_resolved() -> None:
    desk = Desk()
    desk.set(inhibitions=(BY_PRODUCT,))
    desk.tick(0, finding(0, "a", monitor=THEFT), monitor=THEFT)
    desk.tick(0, finding(0, "a"))
    desk.tick(1, monitor=THEFT)
    desk.tick(2, monitor=THEFT)
    assert desk.alert("a").inhibited_by == ()
    assert desk.reasons() == ["first", "first", "resolved"] or desk.reasons() == [
        "first",
        "resolved",
        "first",
    ]


def test_s0_is_never_inhibited() -> None:
    desk = Desk()
    desk.set(inhibitions=(BY_PRODUCT,))
    desk.tick(0, finding(0, "a", monitor=THEFT), monitor=THEFT)
    desk.tick(0, finding(0, "a", severity=Severity.S0))
    assert desk.alert("a").inhibited_by == ()


def test_an_alert_that_is_source_and_target_is_not_muted_by_itself_or_its_like() -> None:
    spam = (parse_matcher(f'monitor="{SPAM}"'),)
    desk = Desk()
    desk.set(inhibitions=(Inhibition("own", spam, spam, ("product",)),))
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    assert (desk.alert("a").inhibited_by, desk.alert("b").inhibited_by) == ((), ())


def test_a_label_that_is_absent_on_both_sides_is_not_equal() -> None:
    desk = Desk(watched={SPAM: Watched(Mode.REVIEW), THEFT: Watched(Mode.REVIEW)})
    rule = Inhibition("by owner", BY_PRODUCT.source, BY_PRODUCT.target, ("owner",))
    desk.set(inhibitions=(rule,))
    desk.tick(0, finding(0, "a", monitor=THEFT), monitor=THEFT)
    desk.tick(0, finding(0, "a"))
    assert desk.alert("a").inhibited_by == ()


def test_a_shadow_monitors_alert_is_kept_marked_and_neither_told_nor_a_source() -> None:
    watched = {SPAM: Watched(Mode.REVIEW), THEFT: Watched(Mode.SHADOW)}
    desk = Desk(watched=watched)
    desk.set(inhibitions=(BY_PRODUCT,))
    desk.tick(0, finding(0, "a", monitor=THEFT), monitor=THEFT)
    desk.tick(0, finding(0, "a"))
    assert (desk.alert("a", THEFT).shadow, desk.alert("a", THEFT).state) == (True, "firing")
    assert desk.alert("a").inhibited_by == ()
    assert [intent.labels for intent in desk.told] == [(("monitor", SPAM),)]


def test_a_promoted_monitors_open_alerts_are_told_at_once() -> None:
    desk = Desk(watched={SPAM: Watched(Mode.SHADOW)})
    desk.tick(0, finding(0))
    desk.watched[SPAM] = Watched(Mode.REVIEW)
    desk.step(2)
    assert desk.reasons() == ["first"]


def test_an_unwatched_monitors_alerts_are_told_to_nobody() -> None:
    desk = Desk(watched={})
    desk.tick(0, finding(0))
    assert (desk.alert().shadow, desk.reasons()) == (True, [])


def test_an_inhibition_without_equal_labels_is_refused() -> None:
    with pytest.raises(AlertError, match="equal is empty"):
        Inhibition("all", BY_PRODUCT.source, BY_PRODUCT.target, ())
    with pytest.raises(AlertError, match="did you mean 'entity'"):
        Inhibition("all", BY_PRODUCT.source, BY_PRODUCT.target, ("entitty",))


@pytest.mark.parametrize(
    ("text", "value", "so"),
    [
        ('product="chat"', "chat", True),
        ("product=chat", "chatty", False),
        ('product!="chat"', "api", True),
        ('product=~"chat|api"', "api", True),
        ('product=~"chat"', "chatty", False),
        ('product!~"c.*"', "chat", False),
        ('product="a.c"', "abc", False),
    ],
)
def test_a_matcher_compares_the_whole_value(text: str, value: str, so: bool) -> None:  # noqa: FBT001
    assert parse_matcher(text).matches(value) is so


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("product", "is no matcher; write one as in"),
        ('produkt="chat"', "did you mean 'product'"),
        ('product=~"("', "is no regular expression"),
    ],
)
def test_a_matcher_that_is_none_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(AlertError, match=message):
        parse_matcher(text)


def test_an_operator_that_is_none_is_refused() -> None:
    with pytest.raises(AlertError, match="is no operator"):
        Matcher("product", "~", "x")  # type: ignore[arg-type]


def test_a_silence_needs_an_owner_and_is_ended_once() -> None:
    desk = Desk()
    desk.silence(0, 1)
    with pytest.raises(AlertError, match="is there already"):
        desk.silence(0, 2)
    desk.state = unsilence(desk.state, silence_id="s0")
    with pytest.raises(AlertError, match="There is no silence 's0'; running: none"):
        unsilence(desk.state, silence_id="s0")


def test_a_shorter_limit_applies_to_a_running_silence() -> None:
    desk = Desk()
    desk.silence(0, 8)
    desk.tick(0, finding(0))
    desk.set(max_silence=dict.fromkeys(Severity, 2 * HOUR))
    desk.step(2)
    assert desk.reasons() == ["first"]
    assert at(2) - at(0) == timedelta(hours=2)
