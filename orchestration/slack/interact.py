"""What a click or a dialogue in Slack does: who it is, whether they may, the act, and the answer.

The answer goes to the person alone. The thread and its parent follow through the outbox.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine

from orchestration.acts import group
from orchestration.acts.doing import Done, Terms
from orchestration.acts.errors import ActError, LastAct, StaleError
from orchestration.acts.false_positives import false_positives
from orchestration.acts.threads import thread_of
from orchestration.alerts.errors import AlertError
from orchestration.cases.errors import CaseError
from orchestration.cases.linking import links_of
from orchestration.cases.terms import Terms as CaseTerms
from orchestration.ledger.database import reading, writing
from orchestration.ledger.threads import set_parent
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person, require
from orchestration.oncall.rota import next_handover
from orchestration.pseudonyms import Pseudonyms
from orchestration.slack.api import Payload, SlackApi, SlackError
from orchestration.slack.buttons import CASE, INCIDENT
from orchestration.slack.casework import declare, open_case
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.look import Scene, group_view
from orchestration.slack.modals import (
    CALLBACK,
    FalsePositives,
    NothingChosenError,
    case_answer,
    done_answer,
    failed_answer,
    false_positive_modal,
    incident_answer,
    parse_false_positives,
    refused_answer,
    stale_answer,
)
from orchestration.slack.parent import parent
from orchestration.slack.requests import Click, RequestError, Submission, parse
from orchestration.slack.views import ActView, GroupView, Verb

SNOOZE = re.compile(r"snooze:(?:(\d+)([mh])|(shift))")
UNITS = {"m": "minutes", "h": "hours"}
NOT_OPENED = "Slack did not open the dialogue; press the button again."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interactions:
    """Handles what people press. `scene` gives rules and modes of a moment, `terms` casework's.

    `names` say which members of a ring have alerts, where a click opens cases.
    """

    engine: Engine
    api: SlackApi
    scene: Callable[[datetime], Scene]
    clock: Callable[[], datetime]
    terms: Callable[[datetime], CaseTerms]
    names: Pseudonyms

    def answer(self, payload: Payload) -> dict[str, object] | None:
        """What Slack is to be told with the acknowledgement: what is wrong with a dialogue."""
        found = parse(payload)
        if not isinstance(found, Submission) or found.callback_id != CALLBACK:
            return None
        try:
            parse_false_positives(found.private_metadata, found.values)
        except NothingChosenError as error:
            return dict(error.answer)
        return None

    def handle(self, payload: Payload) -> None:
        """Do what was asked, once, and tell the person. Raises RequestError for what is not ours.

        A refusal of ours is an answer, not an error. Whatever else fails the person is told of, who
        would take it for done otherwise; then it is raised.
        """
        found = parse(payload)
        if isinstance(found, Click):
            self._click(found)
        elif found is not None:
            self._submission(found)

    def _click(self, click: Click) -> None:
        with self._failing_aloud(click.channel, click.user):
            self._do(click)

    def _do(self, click: Click) -> None:
        now = self.clock()
        scene = self.scene(now)
        try:
            who = scene.rules.roster.of_slack(click.user)
            if click.action == "false_positive":
                require(who, "false_positive")
                self._open_dialogue(click, scene, now)
                return
            if click.action in (CASE, INCIDENT):
                said = self._work(click, who, scene, now)
            else:
                done = self._act(click, who, scene, now)
                said = done_answer(self._view(scene, click.thread, now), _shown(done, now))
        except StaleError as error:
            view = self._view(scene, click.thread, now, is_rated=True)
            self._renew(view)
            said = stale_answer(view, _last(error.last, view))
        except (PeopleError, ActError, AlertError, CaseError, SlackMessageError) as error:
            said = refused_answer(str(error))
        self._tell(click.channel, click.user, said)

    def _work(self, click: Click, who: Person, scene: Scene, now: datetime) -> Payload:
        """Show or open its case, or make it an incident. Both mean the group as it is now."""
        if click.action == INCIDENT:
            view = self._view(scene, click.thread, now)
            done = declare(self.engine, who, view, now=now)
            found = done.incident
            return incident_answer(found.incident_id, found.state.value, again=done.again)
        return case_answer(
            open_case(
                self.engine,
                who,
                click.thread,
                terms=self.terms(now),
                watched=scene.watched,
                links=partial(links_of, self.engine, scene.lake, self.names, watched=scene.watched),
                now=now,
            )
        )

    def _act(self, click: Click, who: Person, scene: Scene, now: datetime) -> Done:
        terms = Terms(scene.rules.config, scene.watched, scene.rules.told_at)
        seen, thread = click.state_hash, click.thread
        if click.action == "ack":
            return group.ack(
                self.engine, who=who, thread_id=thread, seen=seen, now=now, terms=terms
            )
        if click.action == "assign":
            return group.assign(
                self.engine, who=who, thread_id=thread, seen=seen, now=now, terms=terms
            )
        for_ = _for(click.action, who, scene, now)
        return group.snooze(
            self.engine, who=who, thread_id=thread, seen=seen, for_=for_, now=now, terms=terms
        )

    def _open_dialogue(self, click: Click, scene: Scene, now: datetime) -> None:
        modal = false_positive_modal(self._view(scene, click.thread, now))
        try:
            self.api.open_view(click.trigger_id, modal)
        except SlackError as error:
            log.warning("A dialogue did not open: %s.", error.code)
            raise ActError(NOT_OPENED) from error

    def _renew(self, view: GroupView) -> None:
        """Show the group as it is now, for changes that nobody is told of just yet.

        Otherwise its buttons would be those of the old state, and every click in vain.
        """
        with reading(self.engine) as connection:
            thread = thread_of(connection, view.thread)
        if thread.ts is None or thread.closed_at is not None or thread.shown == view.state_hash:
            return
        message = parent(view, outbox_id=thread.thread_id).update(thread.ts)
        try:
            self.api.update(thread.receiver, thread.ts, message)
        except SlackError as error:  # the outbox changes it too, and sees what is wrong
            log.warning("The message of a stale click was not renewed: %s.", error.code)
            return
        with writing(self.engine) as connection:
            set_parent(connection, thread.thread_id, ts=thread.ts, shown=view.state_hash)

    def _submission(self, sent: Submission) -> None:
        if sent.callback_id != CALLBACK:
            raise RequestError("view.callback_id", "a dialogue of ours")
        chosen = parse_false_positives(sent.private_metadata, sent.values)
        with reading(self.engine) as connection:
            channel = thread_of(connection, chosen.thread).receiver
        with self._failing_aloud(channel, sent.user):
            self._tell(channel, sent.user, self._propose(sent.user, chosen))

    def _propose(self, user: str, chosen: FalsePositives) -> Payload:
        now = self.clock()
        scene = self.scene(now)
        terms = Terms(scene.rules.config, scene.watched, scene.rules.told_at)
        try:
            done = false_positives(
                self.engine,
                who=scene.rules.roster.of_slack(user),
                thread_id=chosen.thread,
                alert_ids=chosen.alert_ids,
                code=chosen.code.value,
                now=now,
                terms=terms,
            )
            return done_answer(self._view(scene, chosen.thread, now), _shown(done, now))
        except (PeopleError, ActError) as error:
            return refused_answer(str(error))

    def _view(
        self, scene: Scene, thread_id: str, now: datetime, *, is_rated: bool = False
    ) -> GroupView:
        """The group; `is_rated` only where it is shown, for a dialogue cannot wait for the lake."""
        with reading(self.engine) as connection:
            thread = thread_of(connection, thread_id)
            return group_view(connection, scene, thread, now=now, is_rated=is_rated)

    @contextmanager
    def _failing_aloud(self, channel: str, user: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._tell(channel, user, failed_answer())
            raise

    def _tell(self, channel: str, user: str, said: Payload) -> None:
        """Tell the person alone. The act stands whether they hear of it or not."""
        try:
            self.api.ephemeral(channel, user, said)
        except SlackError as error:
            log.warning("The answer to a click did not arrive: %s.", error.code)


def _for(action: str, who: Person, scene: Scene, now: datetime) -> timedelta:
    """How long a snooze was asked for; until the next shift of the first of the person's teams."""
    found = SNOOZE.fullmatch(action)
    if found is None:
        raise ActError("There is no such button any more; press one of the newest message.")
    if found[3] is None:
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    teams = sorted(who.teams & scene.rules.rota.teams.keys())
    if not teams:
        raise ActError("You are in no team with a rota; snooze for a time instead.")
    return next_handover(scene.rules.rota, teams[0], now) - now


def _shown(done: Done, now: datetime) -> ActView:
    return ActView(Verb(done.verb), done.by, now, done.n, done.until)


def _last(last: LastAct | None, view: GroupView) -> ActView | None:
    if last is None or last.verb not in set(Verb):
        return None
    return ActView(Verb(last.verb), last.who, last.at, view.total)
