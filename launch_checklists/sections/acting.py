"""Acting safely: actions and approvals as declared, caps, the kill switch, and appeals."""

from functools import partial

from launch_checklists.checklist import Checklist, Enforcement, HarmNeed
from launch_checklists.facts import Facts, Rules, Trial
from launch_checklists.item import Item, Outcome, Probe, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Length, Stage, length_text
from launch_checklists.seeing import failed, given, named, passed, tried

KILL, APPEAL = "watchfloor launch drill kill-switch", "watchfloor launch drill appeal"
PEOPLE = {"none": 0, "one_person": 1, "two_person": 2}


def acting(checklist: Checklist, stage: Stage) -> list[Item]:
    """Enforcement of each harm, then what stops and undoes it."""
    owner = checklist.product.owner
    found = [
        item
        for harm in checklist.harms
        if harm.enforcement is not None
        for item in _of_harm(harm, harm.enforcement, owner, stage)
    ]
    acts = bool(found)
    return [*found, *_stops(checklist, stage), *_appeals(checklist, stage, acts=acts)]


def _of_harm(harm: HarmNeed, need: Enforcement, owner: str, stage: Stage) -> list[Item]:
    name = f"enforcement.{harm.id.value}"

    def item(kind: str, requirement: str, probe: Probe, *after: str) -> Item:
        return Item(
            id=f"{name}.{kind}",
            section="enforcement",
            level=level(kind, stage, harm.tier),
            requirement=requirement,
            owner=owner,
            probe=probe,
            after=after,
        )

    actions = ", ".join(need.actions)
    people = PEOPLE[need.approval]
    caps = f"{need.cap.per_run} a run and {need.cap.per_day} a day"
    return [
        item("actions", f"{actions} are actions of enforcement.yaml.", partial(_there, need)),
        item(
            "approvals",
            f"{actions} take the word of {people} people at least.",
            partial(_approved, need),
            f"{name}.actions",
        ),
        item("caps", f"No more than {caps} are done by themselves.", partial(_capped, need)),
    ]


def _there(need: Enforcement, facts: Facts) -> Seen:
    def seen(rules: Rules) -> Seen:
        unknown = [name for name in need.actions if name not in rules.actions]
        if unknown:
            text = f"there is no action {', '.join(unknown)}."
            return failed(text, fix="Write it into enforcement.yaml.")
        return passed(f"they are; the product's mode is {rules.mode}.")

    return given(facts.rules, seen)


def _approved(need: Enforcement, facts: Facts) -> Seen:
    def seen(rules: Rules) -> Seen:
        wanted = PEOPLE[need.approval]
        less = [
            f"{name} {rules.actions[name]}"
            for name in need.actions
            if name in rules.actions and rules.actions[name] < wanted
        ]
        if less:
            return failed(f"fewer for {', '.join(less)}.", fix="Raise it in enforcement.yaml.")
        return passed("they do.")

    return given(facts.rules, seen)


def _capped(need: Enforcement, facts: Facts) -> Seen:
    def seen(rules: Rules) -> Seen:
        wanted = {"per_run": need.cap.per_run, "per_day": need.cap.per_day}
        over = [
            f"{name} {rules.caps.get(name, float('inf')):g}"
            for name, most in wanted.items()
            if rules.caps.get(name, float("inf")) > most
        ]
        if over:
            return failed(f"more may be: {', '.join(over)}.", fix="Lower it in enforcement.yaml.")
        return passed("the caps in force are no wider.")

    return given(facts.rules, seen)


def _stops(checklist: Checklist, stage: Stage) -> list[Item]:
    drill = checklist.kill_switch
    within = length_text(drill.drill_within)
    return [
        Item(
            id="enforcement.kill_switch",
            section="enforcement",
            level=level("kill_switch", stage),
            requirement=f"The product's kill switch stopped everything in a drill of {within}.",
            owner=drill.owner,
            probe=partial(_drilled, "kill_switch", drill.drill_within, KILL),
            waivable=False,
        )
    ]


def _drilled(name: str, within: Length, fix: str, facts: Facts) -> Seen:
    lack = Seen(Outcome.UNKNOWN, "no drill was ever recorded.", fix=fix)

    def seen(trial: Trial) -> Seen:
        return tried(trial, within=within, now=facts.at, what="The drill", fix=fix)

    return named(facts.drills, name, seen, lack=lack)


def _appeals(checklist: Checklist, stage: Stage, *, acts: bool) -> list[Item]:
    """Where nothing is done to users of itself, appeals may be waived; else never."""
    need, owner = checklist.appeals, checklist.product.owner
    within = length_text(need.drill_within)
    return [
        Item(
            id="appeals.path",
            section="appeals",
            level=level("appeals", stage),
            requirement=f"Appeals come in at {need.path} and are due in {length_text(need.sla)}.",
            owner=owner,
            probe=_open,
            waivable=not acts,
        ),
        Item(
            id="appeals.drill",
            section="appeals",
            level=level("appeal_drill", stage),
            requirement=f"A drill of {within} gave a test account everything back.",
            owner=owner,
            probe=partial(_drilled, "appeal", need.drill_within, APPEAL),
        ),
    ]


def _open(facts: Facts) -> Seen:
    def seen(there: bool) -> Seen:  # noqa: FBT001 - a fact of one word
        if there:
            return passed("they are taken.")
        return failed("nothing takes them.", fix="watchfloor appeals listen")

    return given(facts.appeals, seen, fix=APPEAL)
