"""The assets of operations: work for people, acting, undoing, appeals, and how all of it goes."""

import dagster as dg

from assets.appeals import appeals_asset
from assets.cases import cases_asset
from assets.enforcement import enforcement_asset
from assets.quality import quality_asset
from assets.reporting import health_asset, weekly_asset
from assets.reversals import reversals_asset
from assets.sampling import sampling

OPERATIONS: list[dg.AssetsDefinition] = [
    cases_asset,
    enforcement_asset,
    appeals_asset,
    reversals_asset,
    sampling,
    quality_asset,
    health_asset,
    weekly_asset,
]
