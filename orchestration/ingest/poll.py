"""Takes in what is new in the folders that sources name."""

from datetime import datetime, timedelta
from pathlib import Path

from orchestration.ingest.errors import IngestError
from orchestration.ingest.files import File, find
from orchestration.ingest.load import take
from orchestration.ingest.records import Record, Records
from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from orchestration.lake import Lake


def poll(lake: Lake, source: Source, *, now: datetime, hot: timedelta) -> IngestReport:
    """Ingest the files of the source's own paths that were not taken before.

    A file is known by name, size and time of change, else by its content. Files that cannot be
    read are named in the report and tried again next time; raises IngestError only where a path
    does not exist.
    """
    records = Records(lake, source.product, source.contract)
    known = {key for record in records.all() if record.done for key in record.seen}
    new = []
    for file in find(source.paths, may_be_empty=True):
        if file.key in known:
            continue
        record = _known(records, file)
        if record is not None and record.done:
            records.put(record.met(file))
        else:
            new.append(file)
    return take(lake, source, new, now=now, hot=hot)


def poll_folder(
    lake: Lake,
    folder: Path | None,
    product: str,
    contract: str,
    *,
    now: datetime,
    hot: timedelta,
) -> list[IngestReport]:
    """Poll each source declared in the folder for this product and contract.

    Gives the reports of those that took files or failed to. A source that cannot be used is
    reported as failed, under its mapping's name, and does not stop the others.
    """
    reports = []
    for path in sorted(folder.glob("*.toml")) if folder else []:
        try:
            source = Source.read(path)
            if (source.product, source.contract) != (product, contract):
                continue
            report = poll(lake, source, now=now, hot=hot)
        except IngestError as error:
            report = IngestReport(product, contract, failed={str(path): str(error)})
        if report.files or report.failed:
            reports.append(report)
    return reports


def _known(records: Records, file: File) -> Record | None:
    """The record of a file's content; none where the content cannot be read."""
    try:
        return records.get(file.digest)
    except OSError:
        return None
