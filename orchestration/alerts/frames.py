"""Findings as monitors store them, as the reducer takes them."""

import polars as pl

from monitors.columns import TIMESTAMP
from monitors.contract import Severity
from monitors.evaluate import FINDINGS
from orchestration.alerts.keys import key_of
from orchestration.alerts.records import Finding

COLUMNS = [name for name in FINDINGS.names() if name not in {"score", "threshold", "evidence"}]


def findings_of(rows: pl.DataFrame) -> list[Finding]:
    """One Finding per row of a frame with the columns of FINDINGS and `partition`, its start.

    The digest is over score, threshold, severity and evidence; the evidence itself stays behind.
    """
    times = {"window_start", "window_end", "partition"}
    typed = rows.with_columns(pl.col(name).cast(TIMESTAMP) for name in times)
    content = typed.select("score", "threshold", "severity", "evidence").iter_rows()
    return [
        Finding(
            **{**row, "severity": Severity(row["severity"])},
            digest=key_of(*map(repr, values)),
        )
        for row, values in zip(
            typed.select(*COLUMNS, "partition").iter_rows(named=True), content, strict=True
        )
    ]
