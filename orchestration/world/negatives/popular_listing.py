"""An honest listing that everybody talks about: a year's installs and ratings in a day."""

import numpy as np
import polars as pl

from orchestration.world.traffic import images, marketplace
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named

INSTALLS = 900


def run(world: World, plan: Plan) -> Deeds:
    """Installs and mostly good ratings by many people, each from home."""
    rng = plan.rng
    shelf = marketplace.catalogue(world).filter(pl.col("listed_at") < plan.start)
    one = shelf[rng.permutation(shelf.height)[:1]]
    who = somewhere(rng, world.some(rng, INSTALLS, plan.start))
    zones = who["offset"].to_numpy()
    at = images.at_hours(rng, zones, plan.start, plan.ends(hours=26), hours=(7, 24))
    chosen = one[np.zeros(who.height, dtype=np.int64)]
    versions = marketplace.version(chosen, at)
    installs = marketplace.acted(who, chosen, at, "install", versions)
    rated = marketplace.ratings(rng, installs, 0.4)
    luck = pl.Series(rng.random(rated.height))
    rated = rated.with_columns(
        rating=pl.when(luck < 0.8).then(5.0).when(luck < 0.95).then(4.0).otherwise(2.0)
    ).filter(pl.col("occurred_at") < plan.until)
    owner, account = one["account_id"], installs["account_id"]
    return Deeds(
        {("marketplace", "listings"): pl.concat([installs, rated], how="diagonal")},
        pl.concat(
            [
                named(owner, account_id=owner, listing_id=one["listing_id"]),
                named(account, account_id=account),
            ]
        ),
    )
