"""All items of a checklist at a stage, each after those that it builds on."""

from launch_checklists.checklist import Checklist
from launch_checklists.item import Item
from launch_checklists.parts import Stage
from launch_checklists.sections.acting import acting
from launch_checklists.sections.assurance import assurance
from launch_checklists.sections.data import data
from launch_checklists.sections.harms import harms
from launch_checklists.sections.identity import identity
from launch_checklists.sections.monitors import monitors
from launch_checklists.sections.response import response

SECTIONS = (identity, harms, data, monitors, response, acting, assurance)


def items(checklist: Checklist, stage: Stage) -> list[Item]:
    """What a launch needs at a stage, in the order in which people read it."""
    return [item for section in SECTIONS for item in section(checklist, stage)]
