"""Agreement of tables of counts, and tables as likely as those seen; many tables at once."""

import numpy as np

from orchestration.measurement.simulation import Counts, Floats

DRAWS = 4_000
NONE = 1e-12  # room for agreement beyond chance, but for rounding


def tables_like(cells: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Tables drawn by a Bayesian bootstrap (Rubin, 1981), on a first new axis.

    One more unit, spread over all cells, is added: raters who agree on all are not certain to.
    """
    spread = 1 / (cells.shape[-1] * cells.shape[-2])
    drawn: Floats = rng.gamma(cells + spread, size=(draws, *cells.shape))
    return drawn


def coincidences_like(times: Counts, cells: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Coincidences[draw, ..., class, class] of units drawn alike, as `tables_like` does.

    `times`[..., kind] units are of each kind, whose coincidences are `cells`[kind, class, class].
    """
    classes = cells.shape[-1]
    size = (times @ cells.sum(axis=(1, 2))) / times.sum(axis=-1)  # labels of a unit
    drawn = np.tensordot(rng.gamma(times, size=(draws, *times.shape)), cells, axes=1)
    one = rng.gamma(1 / classes**2, size=(draws, *times.shape[:-1], classes, classes))
    made: Floats = drawn + size[..., None, None] * (one + one.swapaxes(-1, -2)) / 2
    return made


def coincidences(kind: Floats) -> Floats:
    """Ordered pairs of labels of one unit, over its labels less one."""
    pairs: Floats = (np.outer(kind, kind) - np.diag(kind)) / (kind.sum() - 1)
    return pairs


def _over_chance(observed: Floats, chance: Floats) -> Floats:
    room = 1 - chance
    none = np.full_like(observed, np.nan)
    beyond: Floats = np.divide(observed - chance, room, out=none, where=room > NONE)
    return beyond


def _diagonal(cells: Floats) -> tuple[Floats, Floats]:
    """Cells as shares, and the share on the diagonal."""
    whole = cells.sum(axis=(-2, -1), keepdims=True)
    shares = np.divide(cells, whole, out=np.full_like(cells, np.nan), where=whole > 0)
    return shares, np.trace(shares, axis1=-2, axis2=-1)


def kappa(cells: Floats) -> Floats:
    """Cohen's kappa of tables[..., first, second]; NaN where chance explains all."""
    shares, observed = _diagonal(cells)
    return _over_chance(observed, (shares.sum(axis=-1) * shares.sum(axis=-2)).sum(axis=-1))


def ac1(cells: Floats) -> Floats:
    """Gwet's AC1 of tables[..., first, second]."""
    shares, observed = _diagonal(cells)
    mean = (shares.sum(axis=-1) + shares.sum(axis=-2)) / 2
    return _over_chance(observed, (mean * (1 - mean)).sum(axis=-1) / (cells.shape[-1] - 1))


def positive_agreement(cells: Floats, at: int) -> Floats:
    """Positive agreement 2a / (2a + b + c), a the cell of class `at` twice; NaN without any."""
    agreed = cells[..., at, at]
    given = cells[..., at, :].sum(axis=-1) + cells[..., :, at].sum(axis=-1)
    shared: Floats = np.divide(2 * agreed, given, out=np.full_like(agreed, np.nan), where=given > 0)
    return shared


def fleiss(coincidences: Floats) -> Floats:
    """Fleiss' kappa of coincidences[..., class, class]; NaN where all are of one class."""
    shares, observed = _diagonal(coincidences)
    return _over_chance(observed, (shares.sum(axis=-1) ** 2).sum(axis=-1))


def alpha(coincidences: Floats) -> Floats:
    """Krippendorff's alpha, nominal: Fleiss', but chance draws two labels without return."""
    given = coincidences.sum(axis=-1)
    whole = given.sum(axis=-1)
    _, observed = _diagonal(coincidences)
    chance = (given * (given - 1)).sum(axis=-1) / (whole * (whole - 1))
    return _over_chance(observed, chance)
