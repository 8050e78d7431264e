import pytest

from orchestration.reference_service.errors import ServiceError
from orchestration.reference_service.faults import KINDS, Faults, Rule, parse_faults


def test_a_rule_is_met_by_the_first_tries_of_each_key() -> None:
    faults = Faults(
        [Rule("busy", on=("apply",), keys=("k1",), tries=2), Rule("slow", on=("find",))]
    )
    assert [faults.meet("apply", "k1") for _ in range(3)] == ["busy", "busy", None]
    assert faults.meet("apply", "k2") is None
    assert [faults.meet("find", "k1") for _ in range(2)] == ["slow", None]


def test_a_schedule_depends_on_its_seed_and_not_on_the_order() -> None:
    shares = dict.fromkeys(KINDS, 0.1)
    keys = [f"k{n}" for n in range(500)]
    forth, back = Faults(shares=shares, seed=4), Faults(shares=shares, seed=4)
    other = Faults(shares=shares, seed=5)
    met = {key: forth.meet("apply", key) for key in keys}
    assert {key: back.meet("apply", key) for key in reversed(keys)} == met
    assert {key: other.meet("apply", key) for key in keys} != met
    assert {*met.values()} == {*KINDS, None}
    assert 30 <= list(met.values()).count("busy") <= 70
    assert [forth.meet("apply", key) for key in keys] != list(met.values())
    assert {forth.meet("apply", key) for key in keys} == {None}


def test_faults_are_read_from_json() -> None:
    text = (
        '{"rules": [{"fault": "busy", "on": ["apply"], "tries": 3}], '
        '"shares": {"slow": 1}, "seed": 7, "tries": 1, "seconds": 0.5}'
    )
    faults = parse_faults(text)
    assert [faults.meet("apply", "k1") for _ in range(4)] == ["busy", "busy", "busy", None]
    assert [faults.meet("notice", "k1") for _ in range(2)] == ["slow", None]
    assert faults.seconds == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"rulez": []}', "rulez"),
        ('{"rules": [{"fault": "busy", "for": 3}]}', "for"),
        ('{"rules": [{"fault": "explode"}]}', "no 'explode' in faults; wanted hang_after"),
        ('{"rules": [{"fault": "busy", "on": ["setup"]}]}', "no 'setup' in faults; wanted apply"),
        ('{"shares": {"explode": 0.1}}', "no 'explode'"),
        ('{"shares": {"busy": 0.7, "slow": 0.7}}', "at most in total|1 at most"),
        ('{"shares": {"busy": -0.1}}', "wanted 0 to 1"),
    ],
)
def test_faults_that_cannot_be_read_are_refused(text: str, said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        parse_faults(text)
