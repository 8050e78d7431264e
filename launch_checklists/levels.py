"""How much each kind of item weighs at each stage of a launch, and for each tier of harm.

Few users may come with less: precision cannot be measured before anybody uses the product. What
would leave nobody able to see or stop abuse blocks from the first user on.
"""

from collections.abc import Mapping

from launch_checklists.item import Level
from launch_checklists.parts import STAGES, Stage, Tier

B, R, A = Level.BLOCKER, Level.REQUIRED, Level.ADVISORY
RISING = (A, R, B)
GRAVEST, MILDEST = 0, 3  # tiers
ALWAYS = (B, B, B, B)
EARLY = (R, B, B, B)
MEASURED = (A, R, B, B)
LATE = (A, R, R, B)
# At 1, 10, 50 and 100 % of users.
KINDS: Mapping[str, tuple[Level, Level, Level, Level]] = {
    "owner": ALWAYS,
    "rota": ALWAYS,
    "rollback": ALWAYS,
    "harm": ALWAYS,
    "rated": EARLY,
    "surfaces": EARLY,
    "exists": ALWAYS,
    "scheduled": ALWAYS,
    "fresh": ALWAYS,
    "canary": ALWAYS,
    "checks": EARLY,
    "mode": EARLY,
    "trial": EARLY,
    "backtest": EARLY,
    "precision": MEASURED,
    "seeded_recall": LATE,
    "events": ALWAYS,
    "columns": ALWAYS,
    "lag": EARLY,
    "route": ALWAYS,
    "runbook": EARLY,
    "queue": ALWAYS,
    "capacity": MEASURED,
    "languages": EARLY,
    "actions": ALWAYS,
    "approvals": ALWAYS,
    "caps": EARLY,
    "kill_switch": ALWAYS,
    "appeals": ALWAYS,
    "appeal_drill": EARLY,
    "red_team": ALWAYS,
    "golden": MEASURED,
    "raters": LATE,
    "attested": EARLY,
    "child_safety_route": ALWAYS,
    "wellbeing": (A, R, R, R),
    "signoff": EARLY,
}


def level(kind: str, stage: Stage, tier: Tier = 1) -> Level:
    """The weight of an item of a kind at a stage.

    For a harm of tier 0 it is one step more, for one of tier 3 one step less, but for what always
    blocks.
    """
    always = KINDS[kind] == ALWAYS
    found = KINDS[kind][STAGES.index(stage)]
    step = 1 if tier == GRAVEST else -1 if tier == MILDEST and not always else 0
    return RISING[min(2, max(0, RISING.index(found) + step))]
