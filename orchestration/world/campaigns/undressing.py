"""Pictures of real people are uploaded and edited to undress them, again and again.

Loud: few accounts work through hundreds of pictures in hours; refusals are met with another try.
Slow: a picture or two a day for days. Evasive: many accounts share the same pictures, ask for small
crops whose scores stay in the middle, seldom try again and make innocent images as well; only the
pictures given recur from account to account.
"""

import numpy as np
import polars as pl

from orchestration.world.draws import Whole, ids, lognormal, pick
from orchestration.world.traffic import images
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # accounts, pictures each, tries a picture, hours, usual score, pictures shared
    "loud": (8, 22, 4.0, 8, 0.86, 0),
    "slow": (10, 7, 3.0, 130, 0.8, 0),
    "evasive": (48, 4, 1.2, 120, 0.45, 26),
}
WORDS = ["closer crop of the lower part", "other clothes", "same photo for summer",
         "lighter fabric", "beach version", "remove the jacket", "change the outfit",
         "portrait for the pool"]  # fmt: skip


def run(world: World, plan: Plan) -> Deeds:
    """Uploads, edits, refusals and tries after them; and what the accounts do besides."""
    rng = plan.rng
    accounts, pictures, tries, hours, _, shared = SHAPES[plan.variant]
    people = world.some(rng, int(accounts * rng.uniform(0.8, 1.25)), plan.start, "images")
    n = int(people.height * pictures * rng.uniform(0.85, 1.15))
    who = people[np.arange(n) % people.height]
    begins = images.at_hours(
        rng, who["offset"].to_numpy(), plan.start, plan.ends(hours=hours), hours=(8, 2)
    )
    lengths = 2 + rng.poisson(tries, n)
    gaps = lognormal(rng, int(lengths.sum()), median=35, spread=0.7)
    of, at = images.runs(begins, lengths, gaps, plan.until)
    photos = ids(rng, shared or n, "i")
    given = photos.gather(rng.integers(0, shared, n) if shared else np.arange(n))
    edits = _edits(plan, somewhere(rng, who)[of], at, given.gather(of), of)
    account = edits["account_id"]
    return Deeds(
        {("images", "images"): pl.concat(
            [edits, images.besides(rng, people, plan)], how="diagonal"
        )},
        named(
            account, account_id=account, device_id=edits["device_id"],
            upload_hash=edits["upload_hash"],
        ),
    )  # fmt: skip


def _edits(
    plan: Plan, who: pl.DataFrame, at: pl.Series, given: pl.Series, of: Whole
) -> pl.DataFrame:
    """An upload, then edits of it; how the classifiers see them, and what is refused."""
    rng, n, score = plan.rng, len(of), SHAPES[plan.variant][4]
    first = np.append(True, of[1:] != of[:-1])
    upload = pl.Series(first)
    words = rng.integers(0, len(WORDS), n)
    seen = np.where(rng.random(n) < 0.12, 0.2, score)  # some slip through the classifier
    edits = stamped(
        who, at,
        operation=pl.Series(np.where(first, "upload", "edit")),
        model=pick(rng, images.MODELS, n, images.MODEL_SHARES),
        upload_hash=given,
        prompt=pl.Series(WORDS).gather(words).set(upload, None),
        prompt_hash=images.hashed(words + 10**9, "h").set(upload, None),
        output_hash=ids(rng, n, "o"),
        score_sexual=images.scores(rng, np.where(first, 0, seen * 0.7)),
        score_undress=images.scores(rng, seen, firm=9).set(upload, None),
        score_likeness=images.scores(rng, np.full(n, 0.6)),
        score_minor=images.scores(rng, np.zeros(n), odd=0.02),
        score_violence=images.scores(rng, np.zeros(n)),
        score_document=images.scores(rng, np.zeros(n)),
    )  # fmt: skip
    return images.judged(rng, edits, strict=0.9)
