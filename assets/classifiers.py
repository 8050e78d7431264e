"""Classifiers as assets: train, let in or refuse by the golden set, and score what was written."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg

from assets.descriptions import PLATFORM
from assets.events import own_products, read_by
from assets.results import ERROR, WARN, Event
from monitors.evaluate import Span
from monitors.registry import Registry, contract_of
from orchestration.classifiers.decisions import decided
from orchestration.classifiers.drift import SHIFTED, indices
from orchestration.classifiers.force import model_in_force, promote_checked, refuse
from orchestration.classifiers.golden import Verdict, golden, judge
from orchestration.classifiers.harms import CLASSIFIERS
from orchestration.classifiers.lake_scores import score_hour, scores
from orchestration.classifiers.shelf import Shelf
from orchestration.classifiers.store import Stored
from orchestration.classifiers.training import SAMPLES
from orchestration.jobs import classifier_key, promoted_key, scores_key
from orchestration.partitions import DAY, HOUR, key_of, start_of
from orchestration.resources import Clock
from orchestration.timeline import HOURLY
from orchestration.working import Working

GOLDEN, DRIFT, GROUP = "golden", "drift", "classifiers"


def classifier_assets(registry: Registry, data: Path = SAMPLES) -> list[dg.AssetsDefinition]:
    """Training, promotion and scores of every classifier; `data` has the sets of training."""
    written = [
        dg.AssetKey([product, "events", contract])
        for product in own_products(registry)
        for contract in read_by(product, registry)
        if contract_of(contract).text
    ]
    return [
        made
        for name in CLASSIFIERS
        for made in (_train(name, data), _promote(name), _score(name, written))
    ]


def _train(name: str, data: Path) -> dg.AssetsDefinition:
    key = classifier_key(name)

    @dg.asset(
        key=key,
        group_name=GROUP,
        kinds={"scikitlearn"},
        description="A new model, from published sets of texts and from what reviewers decided.",
        check_specs=[
            dg.AssetCheckSpec(
                GOLDEN,
                asset=key,
                blocking=True,
                description="The new model is no worse than that in force on texts that none of "
                "them learned from. If it is, it does not come into force.",
            )
        ],
    )
    def train_classifier(working: dg.ResourceParam[Working], clock: Clock) -> Iterator[Event]:
        now, shelf = clock.now(), Shelf(working.settings.home)
        given = decided(working.engine, working.alerting.lake, now=now)
        stored, trained, loaded = shelf.train(
            name, now=now, data=data, more=given.frame, provenance=given.provenance
        )
        yield dg.MaterializeResult(
            metadata={
                "model": stored.id,
                "data": trained.digest,
                "texts": trained.frame.height,
                "decisions": given.frame.height,
                "quarantined": sum(loaded.quarantined.values()),
            }
        )
        verdict = _verdict(working, shelf, name, stored)
        if not verdict.passed:
            refuse(working.engine, name, stored.id, reason="; ".join(verdict.refused), now=now)
        yield dg.AssetCheckResult(
            check_name=GOLDEN,
            passed=verdict.passed,
            severity=ERROR,
            metadata={
                "refused": "; ".join(verdict.refused) or "no",
                **{f"blocked_{what}": value for what, value in verdict.blocking.items()},
                **_areas(verdict),
            },
        )

    return train_classifier


def _promote(name: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=promoted_key(name),
        deps=[classifier_key(name)],
        group_name=GROUP,
        description="The model in force: the newest, once the golden check let it through.",
    )
    def promote_classifier(
        working: dg.ResourceParam[Working], clock: Clock
    ) -> dg.MaterializeResult[None]:
        shelf = Shelf(working.settings.home)
        newest = shelf.models(name)[-1]
        verdict = _verdict(working, shelf, name, newest)
        if not verdict.passed:  # run by itself, past the check
            raise dg.Failure(f"Model {newest.id} is refused: {'; '.join(verdict.refused)}.")
        done = promote_checked(working.engine, name, newest.id, now=clock.now())
        return dg.MaterializeResult(metadata={"model": newest.id, "changed": done.changed})

    return promote_classifier


def _score(name: str, written: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    key = scores_key(name)

    @dg.multi_asset(
        name=f"{PLATFORM}__scores_{name}",
        specs=[
            dg.AssetSpec(
                key,
                deps=written,
                group_name=GROUP,
                kinds={"parquet", "polars"},
                partitions_def=HOURLY,
                description="Probabilities of each harm for every text of an hour, in "
                f"`scores_{name}`; no rows while no model is in force.",
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(
                DRIFT,
                asset=key,
                description="Scores of the last day are spread as when the model was trained.",
            )
        ],
    )
    def score_texts(
        context: dg.AssetExecutionContext, working: dg.ResourceParam[Working]
    ) -> Iterator[Event]:
        hours = [start_of(one, "1h") for one in context.partition_keys]
        force = model_in_force(working.engine, name)
        if force is None:
            none: dict[str, str | int] = {"model": "none in force", "dagster/row_count": 0}
            yield dg.MaterializeResult(asset_key=key, metadata=none)
            yield _drift(name, {}, 0)
            return
        yield from _scored(context, working, name, force, hours)

    return score_texts


def _scored(
    context: dg.AssetExecutionContext,
    working: Working,
    name: str,
    force: str,
    hours: list[datetime],
) -> Iterator[Event]:
    shelf, lake = Shelf(working.settings.home), working.alerting.lake
    model = shelf.read(shelf.find(name, force))
    for hour in hours:
        rows = score_hour(lake, model, force, hour)
        found = indices(model, rows)
        told = {f"psi_{head}": round(value, 4) for head, value in found.items()}
        context.add_asset_metadata(
            {"model": force, "dagster/row_count": rows.height, **told},
            asset_key=scores_key(name),
            partition_key=key_of(hour, "1h"),
        )
    yield dg.MaterializeResult(asset_key=scores_key(name))
    end = hours[-1] + HOUR
    window = scores(lake, name, Span(end - DAY, end))
    yield _drift(name, indices(model, window), window.height)


def _drift(name: str, found: dict[str, float], rows: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=scores_key(name),
        check_name=DRIFT,
        passed=all(value <= SHIFTED for value in found.values()),
        severity=WARN,
        metadata={"rows": rows, **{f"psi_{head}": round(v, 4) for head, v in found.items()}},
    )


def _verdict(working: Working, shelf: Shelf, name: str, stored: Stored) -> Verdict:
    force = model_in_force(working.engine, name)
    old = shelf.read(shelf.find(name, force)) if force and force != stored.id else None
    return judge(shelf.read(stored), old, golden(name))


def _areas(verdict: Verdict) -> dict[str, float]:
    known = verdict.measures.filter(verdict.measures["slice"] == "all").drop_nulls("pr_auc")
    return {f"pr_auc_{head}": round(v, 4) for head, v in known.select("head", "pr_auc").iter_rows()}
