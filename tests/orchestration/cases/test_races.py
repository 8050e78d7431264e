"""Two at once: nobody gets a case that somebody has, and nothing is opened or decided twice."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from orchestration.cases.decide import decide
from orchestration.cases.errors import CaseError
from orchestration.cases.queue import claim, next_case
from orchestration.ledger.case_states import CaseState
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BENIGN, TERMS, Office, person

ROOT = Path(__file__).parents[3]
NAMES = [f"n{number}" for number in range(9)]
WORKERS = 4


def together(work: Callable[[int], object]) -> list[object]:
    """What the work of several threads gives that begin at one moment, errors as texts."""
    start = Barrier(WORKERS)

    def one(number: int) -> object:
        start.wait()
        try:
            return work(number)
        except CaseError as error:
            return str(error)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


def test_threads_that_take_the_next_case_never_get_the_same(office: Office) -> None:
    office.found(0, *NAMES)
    office.open(1.2)

    def take_all(number: int) -> list[str]:
        taken = []
        while case := next_case(office.engine, person(f"p{number}"), TERMS, at(2)):
            taken.append(case.case_id)
        return taken

    found = together(take_all)
    every = [case_id for taken in found if isinstance(taken, list) for case_id in taken]
    assert sorted(every) == sorted(case.case_id for case in office.cases())
    assert office.is_sound()


def test_of_threads_that_claim_one_case_one_gets_it(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    case_id = office.case().case_id
    found = together(
        lambda number: (
            claim(office.engine, person(f"p{number}"), case_id, terms=TERMS, now=at(2)).leased_by
        )
    )
    refused = [text for text in found if "has the case" in str(text)]
    assert len(refused) == WORKERS - 1
    assert [name for name in found if name not in refused] == [office.case().leased_by]


def test_processes_that_open_and_take_cases_never_get_the_same(office: Office, url: str) -> None:
    office.found(0, *NAMES)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.cases", url, f"p{number}", "1.2"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    every = [line for process in started for line in process.communicate(timeout=200)[0].split()]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(every) == len(NAMES)
    assert sorted(every) == sorted(case.case_id for case in office.cases())
    assert office.is_sound()


def test_threads_that_open_cases_open_each_once(office: Office) -> None:
    office.found(0, *NAMES)
    found = together(lambda _: office.open(1.2))
    assert sorted(map(str, found)) == ["(0, 0, 0)"] * (WORKERS - 1) + ["(9, 0, 0)"]
    assert len(office.cases()) == len(NAMES)


def test_of_two_decisions_at_once_one_is_made(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    case = office.reviewed(office.case(), 2)
    chosen = {office.alert("a").alert_id: BENIGN}
    found = together(
        lambda _: (
            decide(
                office.engine, ANA, case.case_id, chosen, "spam", terms=TERMS, now=at(2.1)
            ).decision_id
        )
    )
    assert len([text for text in found if "is closed; wanted in_review" in str(text)]) == 3
    assert len(office.rows("decisions")) == len(office.rows("labels")) == 1
    assert office.case().state is CaseState.CLOSED
