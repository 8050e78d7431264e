"""The JSON Schema of a checklist, by which editors complete and check it."""

import json
from pathlib import Path

from launch_checklists.checklist import Checklist

FILE = Path(__file__).parents[2] / "launch_checklists" / "launch.schema.json"
FIRST_LINE = "# yaml-language-server: $schema=../launch.schema.json\n"


def schema_text() -> str:
    """The schema of a checklist as JSON; `launch_checklists/launch.schema.json` is this."""
    found = Checklist.model_json_schema(by_alias=True)
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "A product's launch checklist"
    return json.dumps(found, indent=2, sort_keys=True) + "\n"
