"""A report as JUnit XML, which every CI can read: a suite per section, a case per item."""

from itertools import groupby
from xml.etree import ElementTree as ET

from launch_checklists.item import Outcome
from launch_checklists.report import Report, Result


def as_junit(report: Report) -> str:
    """What stops the stage is a failure, or an error where it could not be looked at.

    What is wrong and stops nothing is skipped with its reason: a consumer shows it and stays green.
    """
    root = ET.Element("testsuites", name=f"launch {report.product} {report.stage} %")
    by_section = sorted(report.results, key=lambda one: one.item.section)
    for section, results in groupby(by_section, key=lambda one: one.item.section):
        _suite(root, section, list(results), report)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(root: ET.Element, section: str, results: list[Result], report: Report) -> None:
    kinds = [_kind(one) for one in results]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=section,
        tests=str(len(results)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
        timestamp=report.at.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    for one, kind in zip(results, kinds, strict=True):
        classname = f"launch.{report.product}.{section}"
        case = ET.SubElement(suite, "testcase", classname=classname, name=one.item.id, time="0")
        if kind is not None:
            text = f"{one.seen.observed} Wanted: {one.item.requirement} Fix: {one.seen.fix}"
            ET.SubElement(case, kind, message=one.seen.observed).text = text


def _kind(one: Result) -> str | None:
    if one.seen.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}:
        return None
    if not one.stops:
        return "skipped"
    return "error" if one.seen.outcome is Outcome.ERROR else "failure"
