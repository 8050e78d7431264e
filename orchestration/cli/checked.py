"""What Dagster's records say of monitors' checks, for commands that ask whether one may act."""

from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.intake.modes import WAITS, Fit
from orchestration.settings import Settings

NO_RECORDS = f"{WAITS}no_checks"


@contextmanager
def fit_of(settings: Settings) -> Iterator[Fit]:
    """Asks Dagster's records; where there are none, every version waits for them."""
    if not has_dagster(settings):
        yield lambda _monitor, _version: NO_RECORDS
        return
    import dagster as dg  # noqa: PLC0415 - takes two seconds to import

    from assets.fitness import fitness  # noqa: PLC0415
    from monitors.registry import registry  # noqa: PLC0415 - so does every monitor

    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield fitness(instance, registry())


def has_dagster(settings: Settings) -> bool:
    """Whether Dagster's folder is prepared."""
    return (settings.dagster_home / "dagster.yaml").exists()
