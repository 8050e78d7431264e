"""What a product's launch needs, as its team declares it in YAML that git keeps."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from launch_checklists.parts import STAGES, Count, Length, Line, Name, Part, Share, Stage, Tier
from launch_checklists.waiver import Waiver
from monitors.harms import Harm

SCHEMA = "launch/v1"
Mode = Literal["shadow", "review", "auto"]
Approval = Literal["none", "one_person", "two_person"]
Signer = Literal["product", "tns_eng", "ops", "policy", "legal_privacy"]
Attested = Literal[
    "risk_assessment",
    "red_team_scope",
    "privacy_assessment",
    "dsa_mapping",
    "regulator_path",
    "law_enforcement_path",
    "support_macros",
    "child_safety_route",
    "reviewer_wellbeing",
    "vendor_contract",
]


class Product(Part):
    """Who launches what, when, in which steps. A tier of 0 is the gravest."""

    id: Name
    tier: Tier
    owner: Name
    oncall: Name  # the team whose rota is woken
    launch: date
    stages: tuple[Stage, ...] = STAGES
    stage: Stage = 1  # the one that it is in, or is to begin with

    @model_validator(mode="after")
    def _rising(self) -> "Product":
        if not self.stages or list(self.stages) != sorted(set(self.stages)):
            raise ValueError("stages: wanted some of 1, 10, 50 and 100, each once, rising.")
        if self.stage not in self.stages:
            raise ValueError(f"stage: {self.stage} is none of the stages; wanted one of them.")
        return self


class Precision(Part):
    """The least that the measured precision of a monitor must be, and from how many judgements."""

    lower_bound: Share
    min_n: Count
    window: Length


class SeededRecall(Part):
    """The share of a named set of known cases that a monitor must find."""

    set: Name
    min: Share


class MonitorNeed(Part):
    """A monitor that must be there. Surfaces that are not named are all of the product's."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_-]+/[a-z0-9_]+$")]
    mode: Mode
    max_age: Length
    surfaces: tuple[Name, ...] = ()
    precision: Precision | None = None
    seeded_recall: SeededRecall | None = None


class Cap(Part):
    """The most that may be done of itself; the company's caps hold besides."""

    per_run: Count
    per_day: Count


class Enforcement(Part):
    """What may be done about a harm, and how many people must agree."""

    actions: Annotated[tuple[Name, ...], Field(min_length=1)]
    approval: Approval
    cap: Cap


class NotApplicable(Part):
    """Why something does not concern this product, and who says so."""

    reason: Line
    approver: Name


class HarmNeed(Part):
    """What is done about one harm; or why it cannot happen here."""

    id: Harm
    tier: Tier = 1
    likelihood: Literal["low", "medium", "high"] | None = None
    monitors: tuple[MonitorNeed, ...] = ()
    enforcement: Enforcement | None = None
    runbook: str | None = None
    not_applicable: NotApplicable | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "HarmNeed":
        if self.not_applicable and (self.monitors or self.enforcement):
            raise ValueError("it is not applicable and has monitors or actions; keep one of both.")
        return self


class DataNeed(Part):
    """Columns of an event contract that must be there, filled and on time."""

    events: Name
    required: Annotated[tuple[Name, ...], Field(min_length=1)]
    max_lag: Length
    non_null: Annotated[float, Field(gt=0, le=1)] = 0.99


class Capacity(Part):
    """The queue that this product's cases go to, and how many a day are expected at most."""

    queue: Name
    forecast_p90_per_day: Count
    languages: Annotated[tuple[Name, ...], Field(min_length=1)]


class Slack(Part):
    """Where alerts go, and how long ago a test message must have come through."""

    alerts: str
    digest: str
    tested_within: Length


class Drill(Part):
    """Something that must have been tried out lately, and who is answerable for it."""

    owner: Name
    drill_within: Length


class Appeals(Part):
    """How users appeal, and how fast they are answered."""

    path: Annotated[str, Field(pattern=r"^/[a-z0-9/_-]*$")]
    sla: Length
    drill_within: Length


class RedTeam(Part):
    """Where the findings are, and how many of each severity may still be open."""

    evidence: str
    unresolved_max: dict[Literal["S0", "S1", "S2", "S3"], Annotated[int, Field(ge=0)]]


class Golden(Part):
    """How many settled units there must be for the raters of this product."""

    min_n: Count
    max_age: Length
    sensitivity: Share
    specificity: Share


class Attestation(Part):
    """What a person answers for, as no machine can see it."""

    item: Attested
    evidence: str
    by: Name
    on: date


class Checklist(Part):
    """Everything that is declared of one product's launch. A harm that it leaves out is required.

    What the live system says is held against this; nothing in it is taken for evidence.
    """

    schema_: Literal["launch/v1"] = Field(alias="schema")
    authors: Annotated[tuple[Name, ...], Field(min_length=1)]  # may neither sign nor waive
    product: Product
    surfaces: Annotated[tuple[Name, ...], Field(min_length=1)]
    harms: tuple[HarmNeed, ...]
    data: tuple[DataNeed, ...]
    capacity: Capacity
    slack: Slack
    appeals: Appeals
    kill_switch: Drill
    red_team: RedTeam
    golden: Golden
    attestations: tuple[Attestation, ...] = ()
    rollback_owner: Name
    waivers: tuple[Waiver, ...] = ()
    signoffs: Annotated[tuple[Signer, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> "Checklist":
        ids = [harm.id for harm in self.harms]
        twice = sorted({one.value for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"harms: {', '.join(twice)} is there twice; keep one.")
        named = {s for harm in self.harms for need in harm.monitors for s in need.surfaces}
        strange = sorted(named - set(self.surfaces))
        if strange:
            raise ValueError(
                f"surfaces: {', '.join(strange)} is named by a monitor and is no surface of the "
                f"product; wanted one of {', '.join(self.surfaces)}."
            )
        return self
