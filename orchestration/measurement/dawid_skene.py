"""What units truly are, and how each rater errs, from the labels alone."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from scipy.stats import beta

from orchestration.measurement.estimates import CONFIDENCE, tail_of
from orchestration.measurement.judgements import judgements
from orchestration.measurement.simulation import Counts, Floats

ROUNDS, CLOSE = 200, 1e-5
# In each matrix: units of what all raters are like, and of one who is right half the time and
# otherwise says anything. Chosen on simulated raters (docs/benchmarks/dawid_skene.md).
ALIKE, STEADY, SURE = 4.0, 20.0, 0.5


@dataclass(frozen=True, slots=True)
class _Coded:
    """Labels as numbers; `seen`[unit, rater x class] is 1 where a rater gave the class."""

    units: pl.Series
    raters: pl.Series
    classes: pl.Series
    seen: csr_matrix
    labels: Counts  # of each unit


def dawid_skene(
    labels: pl.DataFrame, *, confidence: float = CONFIDENCE
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The likeliest truth of each unit, and each rater's errors, of labels[rater, unit, label].

    Expectation-maximisation (Dawid and Skene, 1979), from each unit's shares of labels. Two
    departures. A rater's matrix has a Dirichlet prior: four units' worth of what all raters are
    like, so who judged little is nobody special, and twenty of somebody who is right half the time
    and otherwise gives any label alike, so few labels do not turn a majority round. And a unit with
    a single label, which agrees with itself, says nothing of its rater, though it gets a truth.

    Units: `unit`, `label`, `probability`, `n` (labels), `majority` (null where two lead alike).
    Raters: one row for each `rater`, `truth` and `label`: `rate` of this label where that is the
    truth, and `lower` and `upper` of Jeffreys' interval, of `n` units likely to be so; null where
    n is under 1. n counts probabilities, so it is no whole number; intervals are wider where the
    truth is unsure (`_known`). Nobody is compared with gold here: `reviewers` does that.
    A null label is missing. One class: every unit is it, for certain. No labels: no rows. Raters
    who err alike most of the time pass for the truth. Raises MeasurementError as `judgements`.
    """
    tail = tail_of(confidence)
    given = judgements(labels)
    coded = _coded(given)
    if given.is_empty():
        return _units(coded, np.zeros((0, 0))), _raters(
            coded, np.zeros((0, 0, 0)), np.zeros((0, 0, 0)), tail
        )
    shape = (coded.raters.len(), coded.classes.len(), coded.classes.len())
    truth = _shares(coded)
    several = csr_matrix(coded.seen.multiply((coded.labels > 1)[:, None]))
    for _ in range(ROUNDS):
        before = truth
        counts = np.asarray(several.T @ truth).reshape(shape)
        truth = _expect(coded, _matrices(counts), (truth.sum(axis=0) + 1) / (len(truth) + shape[1]))
        if np.abs(truth - before).max() < CLOSE:
            break
    counts, sure = (np.asarray(several.T @ part).reshape(shape) for part in (truth, truth**2))
    return _units(coded, truth), _raters(coded, counts, sure, tail)


def _coded(given: pl.DataFrame) -> _Coded:
    units, raters, classes = (given[name].unique().sort() for name in ("unit", "rater", "label"))
    row, who, what = (
        given[name].cast(pl.Enum(seen)).to_physical().to_numpy().astype(np.int64)
        for name, seen in (("unit", units), ("rater", raters), ("label", classes))
    )
    shape = (units.len(), raters.len() * classes.len())
    ones = np.ones(given.height)
    seen = csr_matrix((ones, (row, who * classes.len() + what)), shape=shape)
    return _Coded(units, raters, classes, seen, np.bincount(row, minlength=units.len()))


def _shares(coded: _Coded) -> Floats:
    """Of each unit's labels, the share of each class."""
    n = coded.classes.len()
    sums = coded.seen @ np.tile(np.eye(n), (coded.raters.len(), 1))
    shares: Floats = sums / coded.labels[:, None]
    return shares


def _matrices(counts: Floats) -> Floats:
    """P(label | truth) of each rater, [rater, label, truth], from likely counts of the same."""
    together = counts.sum(axis=0) + np.eye(counts.shape[1]) + 1 / counts.shape[1]
    together = together / together.sum(axis=0)
    classes = counts.shape[1]
    guess = SURE * np.eye(classes) + (1 - SURE) / classes
    drawn = counts + ALIKE * together + STEADY * guess
    rates: Floats = drawn / drawn.sum(axis=1, keepdims=True)
    return rates


def _expect(coded: _Coded, matrices: Floats, prior: Floats) -> Floats:
    n = coded.classes.len()
    logs = coded.seen @ np.log(matrices).reshape(-1, n) + np.log(prior)
    likely = np.exp(logs - logs.max(axis=1, keepdims=True))
    truth: Floats = likely / likely.sum(axis=1, keepdims=True)
    return truth


def _units(coded: _Coded, truth: Floats) -> pl.DataFrame:
    schema = {"unit": pl.String, "label": pl.String, "probability": pl.Float64, "n": pl.Int64}
    if not len(truth):
        return pl.DataFrame(schema=schema | {"majority": pl.String})
    shares, names = _shares(coded), coded.classes.to_numpy()
    leads = np.isclose(shares, shares.max(axis=1, keepdims=True))
    alone = pl.Series(leads.sum(axis=1) == 1)
    found = pl.DataFrame(
        {
            "unit": coded.units,
            "label": names[truth.argmax(axis=1)],
            "probability": truth.max(axis=1),
            "n": coded.labels,
            "majority": names[shares.argmax(axis=1)],
        }
    )
    return found.with_columns(pl.when(alone).then(pl.col("majority")))


def _raters(coded: _Coded, counts: Floats, sure: Floats, tail: float) -> pl.DataFrame:
    texts, numbers = ("rater", "truth", "label"), ("rate", "lower", "upper", "n")
    if not counts.size:
        schema = dict.fromkeys(texts, pl.String) | dict.fromkeys(numbers, pl.Float64)
        return pl.DataFrame(schema=schema)
    k = counts.transpose(0, 2, 1)  # rater, truth, label
    n = np.repeat(k.sum(axis=2, keepdims=True), k.shape[2], axis=2)
    rate, known = k / np.maximum(n, 1), _known(k, n, sure.transpose(0, 2, 1))
    who, truth, label = np.indices(k.shape).reshape(3, -1)
    classes = coded.classes.to_numpy()
    found = pl.DataFrame(
        {
            "rater": coded.raters.to_numpy()[who],
            "truth": classes[truth],
            "label": classes[label],
            "rate": rate.ravel(),
            "lower": beta.ppf(tail / 2, rate * known + 0.5, (1 - rate) * known + 0.5).ravel(),
            "upper": beta.ppf(1 - tail / 2, rate * known + 0.5, (1 - rate) * known + 0.5).ravel(),
            "n": n.ravel(),
        }
    )
    return found.with_columns(pl.when(pl.col("n") >= 1).then(pl.col("rate", "lower", "upper")))


def _known(k: Floats, n: Floats, sure: Floats) -> Floats:
    """How many units of a known truth would tell as much of a rate (Louis, 1982; its own alone).

    A unit of probability q adds q^2 (x - rate)^2 to what is known instead of q.
    """
    rate = (k + 0.5) / (n + 1)
    every = sure.sum(axis=2, keepdims=True)
    told = sure * (1 - rate) ** 2 + (every - sure) * rate**2
    known: Floats = np.minimum(told / (rate * (1 - rate)), n)
    return known
