import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from orchestration.cli.main import COMMANDS, main
from orchestration.settings import load

DOCS = Path(__file__).parent.parent / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", CLI, re.MULTILINE | re.DOTALL))
SETTINGS = (DOCS / "settings.md").read_text(encoding="utf-8")
ITEM = re.compile(r"^- (`--.+?)(?=^- |\n\n|\Z)", re.MULTILINE | re.DOTALL)
ROWS = dict(re.findall(r"^\| `(WATCHFLOOR_\w+)` \| (.+?) \|", SETTINGS, re.MULTILINE))


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{before}{name}", command


ALL = dict(commands(main))


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert sorted(SECTIONS) == sorted(ALL)


@pytest.mark.parametrize("name", ALL)
def test_the_options_of_a_section_are_those_of_its_command(name: str) -> None:
    options = {
        option
        for parameter in ALL[name].params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")  # a short one is said beside it
    }
    listed = ITEM.findall(SECTIONS.get(name, ""))
    documented = {
        option for text in listed for option in re.findall(r"`(--[\w-]+)`", text.split(":")[0])
    }
    assert documented == options


@pytest.mark.parametrize("name", ALL)
def test_a_default_is_the_documented_one(name: str) -> None:
    for option in ALL[name].params:
        if isinstance(option, click.Option) and option.show_default is True:
            long = option.opts[0]
            written = {f"`{long}` ({option.default})", f"`{long}` (`{option.default}`)"}
            assert long == "--format" or any(text in SECTIONS[name] for text in written)


def test_every_command_has_help_and_every_option_too() -> None:
    for name, command in ALL.items():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"


def test_the_table_of_commands_names_each_once() -> None:
    context = click.Context(main)
    assert main.list_commands(context) == list(COMMANDS)


class Asked(dict[str, str]):
    """An environment without anything in it, which remembers what it was asked for."""

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.setdefault(name, "")
        return default


def test_every_setting_is_documented() -> None:
    asked = Asked()
    load(asked)
    assert sorted(ROWS) == sorted(asked)


def test_the_documented_defaults_are_accepted() -> None:
    given = {name: text.strip("`") for name, text in ROWS.items() if re.fullmatch("`.+`", text)}
    del given["WATCHFLOOR_HOME"]
    assert load(given) == load({})
