from datetime import timedelta

import pytest
from sqlalchemy import Engine, exc

from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.verify import verify
from orchestration.measurement.drawing import GUESSES
from orchestration.measurement.plans import (
    Stratum,
    add_plan,
    is_drawn,
    pilot_rates,
    plan_of,
    plans_in,
    strata_in,
)
from tests.support.ledgers import NOON, act, person

DAY = timedelta(days=1)
MONITOR = "chat/a"
TODAY = (NOON, NOON + DAY)
PLAN = plan_of("windows", (MONITOR, 2), TODAY, seed="s", now=NOON + 2 * DAY)
BULK, NULL = Stratum("bulk", 900, 9, 3, 0.004), Stratum("null", 0, 0, 0, None)


def test_a_plan_is_kept_with_its_strata_and_an_audit_row(ledger: Engine) -> None:
    with writing(ledger) as connection:
        assert not is_drawn(connection, PLAN)
        add_plan(connection, PLAN, [NULL, BULK], act())
        assert is_drawn(connection, PLAN)
    with reading(ledger) as connection:
        assert plans_in(connection, *TODAY) == [PLAN]
        assert strata_in(connection, [PLAN.plan_id]) == {PLAN.plan_id: [BULK, NULL]}
        *_, last = entries(connection)
        assert (last.verb, last.object) == ("plan", f"plan:{PLAN.plan_id}")
        assert verify(connection, seals=[]).wrong == ""
        assert strata_in(connection, []) == {}


def test_a_plan_is_named_by_what_it_draws_from_and_not_by_when_or_how(ledger: Engine) -> None:
    later = plan_of("windows", (MONITOR, 2), TODAY, seed="other", now=NOON + 3 * DAY)
    assert later.plan_id == PLAN.plan_id
    assert later.seed_digest != PLAN.seed_digest
    others = [
        plan_of("episodes", (MONITOR, 2), TODAY, seed="s", now=NOON),
        plan_of("windows", (MONITOR, 3), TODAY, seed="s", now=NOON),
        plan_of("windows", ("chat/b", 2), TODAY, seed="s", now=NOON),
        plan_of("windows", (MONITOR, 2), (NOON + DAY, NOON + 2 * DAY), seed="s", now=NOON),
    ]
    assert len({one.plan_id for one in (PLAN, *others)}) == 5
    with writing(ledger) as connection:
        for one in (PLAN, *others):
            add_plan(connection, one, [BULK], act())
        assert len(plans_in(connection, *TODAY)) == 4
        assert len(plans_in(connection, NOON, NOON + 2 * DAY)) == 5
        assert plans_in(connection, NOON, NOON + DAY / 2) == []


def test_a_probability_of_nothing_is_no_stratum_s(ledger: Engine) -> None:
    with pytest.raises(exc.IntegrityError), writing(ledger) as connection:
        add_plan(connection, PLAN, [Stratum("bulk", 900, 0, 0, 0.0)], act())


def test_pilot_rates_are_of_judged_windows_and_a_guess_where_they_are_few(ledger: Engine) -> None:
    def labels(stratum: str, n: int, bad: int, **changed: object) -> list[Label]:
        given: dict[str, object] = {
            "source": Source.FLAG_REVIEW,
            "rater": "ana",
            "monitor": MONITOR,
            "monitor_version": 2,
            "created_at": NOON,
            "inclusion_prob": 0.1,
            "stratum": stratum,
            **changed,
        }
        return [
            Label(
                label_id=f"{stratum}-{i}-{given['monitor_version']}",
                unit_id=f"scored:{stratum}-{i}",
                value=i < bad,
                **given,  # type: ignore[arg-type]
            )
            for i in range(n)
        ]

    with writing(ledger) as connection:
        assert pilot_rates(connection, MONITOR, 2) == GUESSES
        every = [*labels("bulk", 20, 0), *labels("near", 9, 9), *labels("flagged", 10, 8)]
        write_labels(connection, [*every, *labels("null", 30, 30, monitor_version=1)], person(60))
        assert pilot_rates(connection, MONITOR, 2) == {
            "flagged": 8.5 / 11,
            "near": 0.3,
            "bulk": 0.5 / 21,
            "null": 0.01,
        }
        settled = labels("flagged", 2, 0, source=Source.ADJUDICATION)
        again = [
            Label(**{**{f: getattr(one, f) for f in one.__slots__}, "label_id": f"a{n}"})
            for n, one in enumerate(settled)
        ]
        write_labels(connection, again, person(60))
        assert pilot_rates(connection, MONITOR, 2)["flagged"] == 6.5 / 11
