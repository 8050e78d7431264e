import subprocess
import sys

import pytest


@pytest.mark.timeout(600)
def test_ten_monitors_find_what_their_queries_find_in_a_small_week() -> None:
    command = [sys.executable, "-m", "benchmarks.week.run", "--events", "2e5", "--accounts", "1e4"]
    done = subprocess.run(
        [*command, "--rounds", "1"], capture_output=True, check=True, text=True, timeout=500
    )
    assert "Findings are equal to those of the DuckDB queries." in done.stdout
    assert "not measured" not in done.stdout


@pytest.mark.timeout(600)
def test_a_look_back_scores_the_same_from_activity_as_from_events() -> None:
    command = [sys.executable, "-m", "benchmarks.week.lookback", "--events", "2e5", "--ticks", "2"]
    done = subprocess.run(
        [*command, "--accounts", "1e4"], capture_output=True, check=True, text=True, timeout=500
    )
    assert "entities of the hour" in done.stdout


@pytest.mark.timeout(600)
def test_counts_kept_per_key_are_those_of_the_week_s_events() -> None:
    command = [sys.executable, "-m", "benchmarks.week.running_sums", "--events", "2e5"]
    done = subprocess.run(
        [*command, "--accounts", "1e4", "--rounds", "1"],
        capture_output=True,
        check=True,
        text=True,
        timeout=500,
    )
    assert "actions_by_ip_account_id`, merge" in done.stdout
