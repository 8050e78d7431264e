"""Identity documents and receipts are forged in batches from templates.

Loud: few accounts make hundreds of documents from two templates in hours. Slow: each makes a few a
day. Evasive: dozens of accounts make a handful each, with scores in the middle; what they share is
the wording, which differs from one document to the next in the name alone.
"""

import numpy as np
import polars as pl

from orchestration.world.draws import ids, pick
from orchestration.world.traffic import images
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # accounts, documents each, templates, hours, usual score
    "loud": (5, 90, 2, 7, 0.84),
    "slow": (9, 36, 4, 140, 0.78),
    "evasive": (52, 6, 3, 130, 0.48),
}
PAPERS = ["a utility bill", "a sample card", "a pay slip", "a membership card", "a bank letter",
          "a diploma", "a parking permit", "a delivery receipt"]  # fmt: skip


def run(world: World, plan: Plan) -> Deeds:
    """Generations and edits from few templates; and what the accounts make besides."""
    rng = plan.rng
    accounts, documents, _, hours, _ = SHAPES[plan.variant]
    people = world.some(rng, int(accounts * rng.uniform(0.8, 1.25)), plan.start, "images")
    n = int(people.height * documents * rng.uniform(0.85, 1.15))
    who = people[rng.integers(0, people.height, n)]
    at = images.at_hours(
        rng, who["offset"].to_numpy(), plan.start, plan.ends(hours=hours), hours=(7, 1)
    )
    made = _papers(plan, somewhere(rng, who), at)
    account = made["account_id"]
    return Deeds(
        {("images", "images"): pl.concat(
            [made, images.besides(rng, people, plan)], how="diagonal"
        )},
        named(
            account, account_id=account, device_id=made["device_id"],
            prompt_hash=made["prompt_hash"],
        ),
    )  # fmt: skip


def _papers(plan: Plan, who: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """One document a row; the name in its prompt changes, its normalised wording does not."""
    rng, n = plan.rng, who.height
    _, _, templates, _, score = SHAPES[plan.variant]
    template = rng.integers(0, templates, n)
    papers = pick(rng, PAPERS, templates)
    code = rng.integers(10**9, 10**10, templates)
    edit = pl.Series(rng.random(n) < 0.2)
    seen = np.where(rng.random(n) < 0.15, 0.15, score)  # some slip through the classifier
    made = stamped(
        who, at,
        operation=pl.when(edit).then(pl.lit("edit")).otherwise(pl.lit("generate")),
        model=pick(rng, images.MODELS, n, images.MODEL_SHARES),
        upload_hash=ids(rng, n, "i").set(~edit, None),
        prompt=papers.gather(template) + " for person " + pl.Series(np.arange(n)).cast(pl.String),
        prompt_hash=images.hashed(code[template], "h"),
        output_hash=ids(rng, n, "o"),
        score_sexual=images.scores(rng, np.zeros(n)),
        score_minor=images.scores(rng, np.zeros(n), odd=0.01),
        score_undress=images.scores(rng, np.zeros(n)).set(~edit, None),
        score_likeness=images.scores(rng, np.full(n, 0.25)),
        score_violence=images.scores(rng, np.zeros(n)),
        score_document=images.scores(rng, seen, firm=9),
    )  # fmt: skip
    return images.judged(rng, made, strict=0.7)
