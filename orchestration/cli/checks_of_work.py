"""The checks of `watchfloor doctor` on casework and on acting: files, modes, service, people."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from monitors.registry import registry
from orchestration.cases.terms import Terms, terms
from orchestration.cli.checks import FAIL, OK, WARN, Found
from orchestration.executors.errors import ConfigurationError, ExecutorError
from orchestration.executors.http import HttpExecutor
from orchestration.launch.checklist_yaml import Names
from orchestration.launch.products import load_checklist, named
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import open_ledger
from orchestration.oncall.people import Person, may
from orchestration.policies.rules import Acting
from orchestration.settings import Settings
from orchestration.yaml_lines import YamlError

FILES = ("queues", "policies", "enforcement")
MEND_LINES = "Mend the lines named."
MEND_SERVICE = "Set WATCHFLOOR_SERVICE_URL and WATCHFLOOR_SERVICE_SECRET; docs/executors.md."
TIMEOUT, PATIENCE = timedelta(seconds=5), timedelta(0)  # two tries
APPROVERS = 2  # what an irreversible action takes


def queues_and_policies(settings: Settings) -> Found:
    """Whether queues, policies and rules of enforcement are in force as their files say."""

    def look(found: Terms) -> Found:
        wrong = [found.wrong[name] for name in FILES if name in found.wrong]
        if wrong:
            return FAIL, f"the last sound ones hold: {' '.join(wrong)}", MEND_LINES
        counts = (
            f"{len(found.desks.queues)} queues",
            f"{len(found.policies.items)} policies",
            f"{len(found.enforcement.known)} actions",
        )
        return OK, ", ".join(counts), ""

    return _of_terms(settings, look)


def checklists(settings: Settings) -> Found:
    """Whether every product's launch checklist can be read, and names what there is."""

    def look(found: Terms) -> Found:
        names = Names(
            frozenset(registry().monitors),
            found.enforcement.known,
            frozenset(found.desks.queues),
            frozenset(found.roster.by_id) | found.roster.teams,
        )
        products, wrong = named(settings.checklists), []
        for product in products:
            try:
                load_checklist(settings.checklists, product, names=names)
            except YamlError as error:
                wrong.append(str(error))
        if wrong:
            return FAIL, " ".join(wrong), MEND_LINES
        return OK, f"{len(products)}: {', '.join(products) or 'none'}", ""

    return _of_terms(settings, look)


def enforcement(settings: Settings) -> Found:
    """For which products plans are carried out, and whether there is a service to do it."""

    def look(found: Terms) -> Found:
        rules, products = found.enforcement, sorted(registry().products)
        live = [name for name in products if rules.acting(name) is Acting.LIVE]
        dry = [name for name in products if name not in live]
        modes = (("live", live), ("dry_run", dry))
        said = "; ".join(f"{mode}: {', '.join(names)}" for mode, names in modes if names)
        service = settings.service
        lacks = [
            name
            for name, value in (("address", service.url), ("secret", service.secret))
            if not value
        ]
        if live and lacks:
            return FAIL, f"{said}; but the service has no {' and no '.join(lacks)}", MEND_SERVICE
        return OK, said, ""

    return _of_terms(settings, look)


def service(settings: Settings) -> Found:
    """Whether the product's service answers a signed request: of a key that it never got."""
    found = settings.service
    if not found.url:
        return OK, "none is set: nothing can be carried out", ""
    key = f"doctor-{uuid.uuid4().hex}"
    try:
        executor = HttpExecutor(
            found.url,
            found.secret.encode(),
            clock=lambda: datetime.now(UTC),
            timeout=TIMEOUT,
            patience=PATIENCE,
        )
    except ConfigurationError as error:
        return FAIL, str(error), MEND_SERVICE
    try:
        receipt = executor.find(key)
    except ExecutorError as error:
        return FAIL, str(error), "See that it runs, and has our secret; docs/executors.md."
    finally:
        executor.close()
    if receipt is not None:
        mend = "Mend the service: `unknown_key` is its answer then; docs/executors.md."
        return FAIL, "it says that it did what it was never asked to do", mend
    return OK, "it answers signed requests", ""


def approvers(settings: Settings) -> Found:
    """Whether there are people enough to approve what takes the most approvals."""

    def look(found: Terms) -> Found:
        n = sum(may(person, "approve") for person in found.roster.people)
        if n >= APPROVERS:
            return OK, f"{n} people may approve", ""
        what = "irreversible actions, and batches that a cap stopped, wait for ever"
        mend = f"Give the role approver to {APPROVERS} people in people.yaml."
        return WARN, f"{n} may approve; wanted {APPROVERS}: {what}", mend

    return _of_terms(settings, look)


def reviewers(settings: Settings) -> Found:
    """Whether every queue has somebody who reviews and has its skills."""

    def look(found: Terms) -> Found:
        people = [person for person in found.roster.people if may(person, "review")]
        queues = found.desks.queues.values()
        empty = sorted(queue.id for queue in queues if not _staffs(people, queue.skills))
        if empty:
            mend = "Give somebody who reviews the skills of each, in people.yaml."
            return FAIL, f"nobody can take cases of {', '.join(empty)}", mend
        return OK, f"{len(people)} people for {len(queues)} queues", ""

    return _of_terms(settings, look)


def _staffs(people: Sequence[Person], skills: frozenset[str]) -> bool:
    return any(skills <= person.skills for person in people)


def _of_terms(settings: Settings, look: Callable[[Terms], Found]) -> Found:
    """What a check says of the terms in force; that they cannot be had, otherwise."""
    try:
        engine = open_ledger(settings.ledger)
    except LedgerError as error:
        return FAIL, f"cannot be kept: {error}", "watchfloor ledger init"
    try:
        return look(terms(engine, settings, now=datetime.now(UTC)))
    except YamlError as error:
        return FAIL, str(error), f"{MEND_LINES} No case is opened or decided before."
    finally:
        engine.dispose()
