from monitors.harms import Harm
from orchestration.oncall.people import may
from orchestration.triage.desks import Source, Traits
from orchestration.triage.route import route
from tests.orchestration.triage.builders import MONITORS, ROSTER, parse

DESKS = parse()


def test_there_are_two_regions_with_holidays() -> None:
    assert {found.zone.key for found in DESKS.hours.values()} == {
        "Europe/Dublin",
        "America/Los_Angeles",
    }
    assert all(found.holidays for found in DESKS.hours.values())


def test_every_queue_has_somebody_who_may_reveal_and_review() -> None:
    for queue in DESKS.queues.values():
        assert any(
            queue.skills <= person.skills
            and may(person, "open_case")
            and not person.roles.isdisjoint(queue.reveal)
            for person in ROSTER.people
        ), queue.id


def test_every_queue_but_the_default_is_led_to_by_a_rule() -> None:
    assert {rule.queue for rule in DESKS.rules} | {DESKS.default} == set(DESKS.queues)


def test_every_shipped_monitor_leads_to_the_queue_of_its_harm() -> None:
    queues: dict[Harm, set[str]] = {}
    for monitor in MONITORS:
        case = Traits(
            monitor.harm,
            monitor.product,
            monitor.severity,
            Source.ALERT,
            monitor.entity,
            monitor.id,
        )
        queues.setdefault(monitor.harm, set()).add(route(DESKS, case).queue)
    assert all(len(found) == 1 for found in queues.values())
    assert queues[Harm.CHILD_SAFETY] == {"child-safety"}
    assert queues[Harm.SELF_HARM] == {"self-harm"}
    assert queues[Harm.FRAUD_SCAMS] == {"fraud"}
    assert queues[Harm.CYBER] == {"cyber"}
    assert queues[Harm.SPAM] == {"integrity"}
    assert queues[Harm.MONITORING_GAP] == {"general"}
