"""`watchfloor alerts ack|lower|silence|unsilence|silences`: acts in the caller's own name."""

import re
from datetime import datetime, timedelta

import click
import polars as pl
from sqlalchemy import select

from monitors.contract import Severity
from orchestration.acts import alerts as acts
from orchestration.acts.errors import ActError
from orchestration.acts.silences import matched
from orchestration.alerts.matchers import Matcher, parse_matcher
from orchestration.alerts.mutes import ends_for
from orchestration.alerts.records import Silence
from orchestration.cli.alerts_desk import Desk, desk, emit_done
from orchestration.cli.output import emit, format_option
from orchestration.cli.times import UNITS, Time
from orchestration.intake.state import load, read_silence
from orchestration.ledger.database import reading
from orchestration.ledger.tables import silences as table

SPAN = re.compile(r"(\d+)([mhdw])")
MOMENT = pl.Datetime("us", "UTC")


class Span(click.ParamType[timedelta]):
    """A length of time: 30m, 2h, 3d or 1w."""

    name = "span"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read one value."""
        if isinstance(value, timedelta):
            return value
        found = SPAN.fullmatch(value)
        if found is None:
            self.fail(f"'{value}' is no length of time; wanted 30m, 2h, 3d or 1w.", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})


reason_option = click.option("--reason", required=True, help="Why, in one line, for the audit.")


@click.command()
@click.argument("alert_ids", metavar="ID...", nargs=-1, required=True)
@format_option
def ack(alert_ids: tuple[str, ...], form: str) -> None:
    """Take alerts that fire: they are not repeated for as long as their severity gives."""
    with desk() as here:
        done = acts.ack(
            here.engine,
            who=here.person(),
            alert_ids=here.full_ids(alert_ids),
            now=here.now,
            terms=here.terms,
        )
    emit_done(form, done)


@click.command()
@click.argument("alert_id", metavar="ID")
@click.argument("severity", type=click.Choice([severity.name for severity in Severity]))
@reason_option
@format_option
def lower(alert_id: str, severity: str, reason: str, form: str) -> None:
    """Lower an alert's severity, until something worse than all before is found."""
    with desk() as here:
        done = acts.lower(
            here.engine,
            who=here.person(),
            alert_id=here.full_ids([alert_id])[0],
            severity=Severity[severity],
            reason=reason,
            now=here.now,
            terms=here.terms,
        )
    emit_done(form, done)


@click.command()
@click.argument("matchers", metavar="MATCHER...", nargs=-1, required=True)
@click.option("--for", "span", type=Span(), help="How long: 30m, 2h, 3d or 1w.")
@click.option("--until", type=Time(), help="Until when, instead: 2026-03-01T06:00.")
@reason_option
@click.option("--ticket", help="Id of the work that it is for.")
@format_option
def silence(
    *,
    matchers: tuple[str, ...],
    span: timedelta | None,
    until: datetime | None,
    reason: str,
    ticket: str | None,
    form: str,
) -> None:
    """Tell nobody of alerts that fulfil every MATCHER, such as product=chat or severity=~"S2|S3".

    They are kept and counted all the same, and told when the silence ends if they still fire.
    """
    if (span is None) == (until is None):
        raise click.UsageError("Wanted either --for or --until.")
    with desk() as here:
        ends = until or (here.now + (span or timedelta(0))).replace(microsecond=0)
        done = acts.silence(
            here.engine,
            who=here.person(),
            matchers=tuple(parse_matcher(text) for text in matchers),
            until=ends,
            reason=reason,
            ticket=ticket,
            now=here.now,
            terms=here.terms,
        )
        longest = here.rules.config.max_silence
        sooner = [one.name for one in Severity if here.now + longest[one] < ends]
    emit_done(form, done)
    if sooner:
        click.echo(f"It ends sooner for {', '.join(sooner)}: see `alerts silences`.", err=True)


@click.command()
@click.argument("which", metavar="ID|MATCHER...", nargs=-1, required=True)
@click.option("--reason", default="lifted", show_default=True, help="Why, in one line.")
@format_option
def unsilence(which: tuple[str, ...], reason: str, form: str) -> None:
    """End a silence, by its id or its matchers; what still fires is told at once."""
    with desk() as here:
        who = here.person()
        done = [
            acts.unsilence(
                here.engine,
                who=who,
                silence_id=silence_id,
                reason=reason,
                now=here.now,
                terms=here.terms,
            )
            for silence_id in _running(here, which)
        ]
    emit_done(form, *done)


@click.command()
@click.option("--all", "ended", is_flag=True, help="Those that have ended, too.")
@format_option
def silences(*, ended: bool, form: str) -> None:
    """List silences with what they match now, and when they end for each severity."""
    with desk() as here:
        config = here.rules.config
        with reading(here.engine) as connection:
            state = load(connection, now=here.now, oldest=here.now).state
            stored = connection.execute(select(table).order_by(table.c.starts_at)).mappings().all()
        rows = []
        for row in stored:
            one = read_silence(row)
            runs = one.silence_id in state.silences
            if not (runs or ended):
                continue
            until = {severity.name: ends_for(one, severity, config) for severity in Severity}
            rows.append(
                {
                    "silence_id": one.silence_id,
                    "matchers": _written(one),
                    "alerts": len(matched(state, one, here.watched)) if runs else 0,
                    "owner": one.owner,
                    "starts": one.starts,
                    "until": one.ends,
                    **until,
                    "ended_by": row["ended_by"],
                    "reason": one.reason,
                }
            )
    emit(pl.DataFrame(rows, schema=LIST, orient="row"), form)


LIST = {
    "silence_id": pl.String(),
    "matchers": pl.String(),
    "alerts": pl.Int64(),
    "owner": pl.String(),
    "starts": MOMENT,
    "until": MOMENT,
    **{severity.name: MOMENT for severity in Severity},
    "ended_by": pl.String(),
    "reason": pl.String(),
}


def _written(one: Silence) -> str:
    return " ".join(str(matcher) for matcher in one.matchers)


def _running(here: Desk, which: tuple[str, ...]) -> list[str]:
    """Ids of the running silences that begin so, or have just these matchers; never none."""
    with reading(here.engine) as connection:
        running = load(connection, now=here.now, oldest=here.now).state.silences
    by_matchers = any(mark in text for text in which for mark in "=!")
    if by_matchers:
        wanted: set[Matcher] = {parse_matcher(text) for text in which}
        found = [key for key, one in running.items() if set(one.matchers) == wanted]
    else:
        found = [key for key in running if any(key.startswith(text) for text in which)]
    if not found or (not by_matchers and len(found) > len(which)):
        known = "; ".join(f"{key} ({_written(one)})" for key, one in running.items()) or "none"
        raise ActError(f"{len(found)} silences are so; wanted one for each id. Running: {known}.")
    return found
