"""`watchfloor`: the command line. Each command's module is imported when it is called."""

import importlib
from importlib.util import find_spec
from typing import Any

import click

from orchestration.cli.errors import NO_DATA, USAGE, NoDataError, is_ours
from orchestration.yaml_lines import YamlError

# Module, then the line that `--help` shows: reading it from a command would import Polars.
COMMANDS = {
    "init": ("dev", "Make the folders, Dagster's configuration and its tables."),
    "demo": ("demo", "Take in the sample logs, evaluate them and print what was found."),
    "dev": ("dev", "Serve the Dagster UI, with schedules and sensors, until stopped."),
    "ingest": ("ingest", "Take a log into the lake."),
    "monitors": ("monitors", "List, show, write and promote monitors."),
    "backtest": ("backtest", "Evaluate a monitor over past days without storing anything."),
    "findings": ("findings", "List what monitors found, newest first."),
    "alerts": ("alerts", "List alerts, say why they were told or not, ack and silence them."),
    "cases": ("cases", "Take cases, look at them, decide them, and see how the queues stand."),
    "review": ("review", "Judge units blind, settle disputes, keep golden sets."),
    "investigate": ("investigate", "Show all that is known of one entity."),
    "incident": ("incident", "Run an incident: roles, timeline, contacts, post-mortem."),
    "enforcement": ("enforcement", "See what is done to whom; approve, stop and undo it."),
    "appeals": ("appeals", "Take in appeals and decide them."),
    "launch": ("launch", "Check whether a product may begin its next stage; waive and sign."),
    "quality": ("quality", "See how good monitors and reviewers are, and propose thresholds."),
    "ops": ("ops", "See how the operation goes, in numbers; weekly and transparency reports."),
    "reports": ("reports", "List what users reported, and take in what is new."),
    "policies": ("policies", "Show policies, and check their files."),
    "slack": ("slack", "Hear what people press in Slack, and show what messages look like."),
    "login": ("login", "Keep your token, or give others theirs."),
    "classifier": ("classifier", "Train models of texts, see how good they are, score with them."),
    "coverage": ("coverage", "Show which harm is watched on which product."),
    "world": ("world", "Simulate a company, and score monitors on it."),
    "ledger": ("ledger", "Make, verify, seal and copy the record of what was done."),
    "sql": ("sql", "Query the lake in SQL, read-only."),
    "heartbeat": ("heartbeat", "Watch Watchfloor from outside: daemon, ticks, ledger, outbox."),
    "forget": ("forget", "Remove one entity's rows, and the key of its pseudonym."),
    "prune": ("prune", "Delete what may be kept for a limited time only."),
    "doctor": ("doctor", "Check this installation and say how to mend it."),
}
EPILOG = (
    "Exit codes: 0 fine, 1 something was found wrong, 2 wrong usage or setting, "
    "3 could not be done for want of data."
)


class Refused(click.ClickException):
    """Wrong usage or configuration."""

    exit_code = USAGE


class NoData(Refused):
    """Nothing to work on."""

    exit_code = NO_DATA


class Commands(click.Group):
    """Group that imports a command when it is called, and words our own errors for people."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of work."""
        del ctx
        return [name for name, (module, _) in COMMANDS.items() if find_spec(_path(module))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; None where there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(_path(COMMANDS[cmd_name][0]))
        found: click.Command = getattr(module, cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as in click
        """Run the command. An error of our own becomes its text and an exit code."""
        try:
            return super().invoke(ctx)
        except ValueError as error:
            if not is_ours(error):
                raise
            refused = NoData if isinstance(error, NoDataError) else Refused
            raise refused(_text(error)) from error


def _text(error: ValueError) -> str:
    """The error in one line; of a settings file, a line for each of its mistakes."""
    whole = str(error)
    lines = whole.splitlines() if isinstance(error, YamlError) else [whole]
    return "\n".join(" ".join(line.split()) for line in lines)


def _path(module: str) -> str:
    return f"orchestration.cli.{module}"


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Watch products for abuse: take in logs, run monitors on them, look at what they find."""


if __name__ == "__main__":
    main(prog_name="watchfloor")
