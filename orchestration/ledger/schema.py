"""Which migration a ledger is at, and taking it to the latest."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append, head
from orchestration.ledger.database import connect, file_of, reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id

MIGRATIONS = Path(__file__).parent / "migrations"


def open_ledger(url: str) -> Engine:
    """Engine for a ledger that has every migration; LedgerError if it lacks one."""
    engine = connect(url)
    try:
        require_latest(engine)
    except BaseException:  # an interrupt too: nobody else has the engine yet to close it
        engine.dispose()
        raise
    return engine


def make_ledger(engine: Engine, *, ledger_id: str, act: Act) -> None:
    """Apply the migrations that are missing, all or none. Repeating changes nothing.

    A new ledger gets `ledger_id`, in the first row of its audit, and keeps it.
    """
    check_id("ledger_id", ledger_id)
    path = file_of(engine)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    with writing(engine) as connection:
        migrate(connection)
        if head(connection) is None:
            append(connection, act=act, verb="init", object_id=f"ledger:{ledger_id}")


def migrate(connection: Connection, revision: str = "head") -> None:
    """Apply the missing migrations up to one, in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def applied(connection: Connection) -> str | None:
    """The ledger's migration; None where there was none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def latest() -> str:
    """The newest migration that this Watchfloor knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise LedgerError(f"{MIGRATIONS.name} holds no migration; install Watchfloor again.")
    return found


def require_latest(engine: Engine) -> None:
    """Raise LedgerError unless every migration was applied. Makes no file."""
    path = file_of(engine)
    if path is not None and not path.exists():
        raise LedgerError(f"There is no ledger at {path}; run `watchfloor ledger init`.")
    with reading(engine) as connection:
        found = applied(connection)
    if found != latest():
        raise LedgerError(
            f"The ledger is at migration {found}; wanted {latest()}. Run `watchfloor ledger init`, "
            "or a newer Watchfloor if the ledger is ahead of this one."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
