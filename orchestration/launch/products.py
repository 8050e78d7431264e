"""The checklists that there are: one YAML file per product in a folder that git keeps."""

import difflib
from pathlib import Path

from launch_checklists.checklist import Checklist
from orchestration.launch.checklist_yaml import Names, read_checklist
from orchestration.launch.errors import LaunchError
from orchestration.yaml_lines import YamlError

SUFFIX = ".yaml"


def path_of(folder: Path, product: str) -> Path:
    """Where a product's checklist is; dashes and underscores are one."""
    return folder / f"{product.replace('-', '_')}{SUFFIX}"


def named(folder: Path) -> list[str]:
    """Products that have a checklist."""
    return sorted(path.stem for path in folder.glob(f"*{SUFFIX}"))


def load_checklist(folder: Path, product: str, *, names: Names | None = None) -> Checklist:
    """A product's checklist. Raises LaunchError where there is none, YamlError if it is wrong."""
    path = path_of(folder, product)
    if not path.exists():
        known = named(folder)
        alike = difflib.get_close_matches(path.stem, known, n=1)
        hint = (
            f"did you mean '{alike[0]}'?" if alike else f"there are {', '.join(known) or 'none'}."
        )
        raise LaunchError(
            f"There is no checklist of '{product}' in {folder.name}; {hint} "
            f"`watchfloor launch new {product}` makes one."
        )
    return loaded(path, names=names)


def loaded(path: Path, *, names: Names | None = None) -> Checklist:
    """The checklist in a file. Raises YamlError with every mistake, its line and its remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise YamlError(f"{path.name}:1: it is no text in UTF-8; write it so.") from error
    found = read_checklist(text, name=path.name, names=names)
    if path.stem != found.product.id.replace("-", "_"):
        raise YamlError(
            f"{path.name}:1: it is of the product '{found.product.id}'; name the file "
            f"{path_of(Path(), found.product.id)}."
        )
    return found
