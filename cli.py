"""The door for a terminal: finds the command, and says what went wrong. Each command is a module in `commands/`."""

import codecs
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from picograph import __version__
from picograph.commands import COMMANDS
from picograph.commands.terminal import LazyGroup, ReaderGoneError, debug_option, say
from picograph.ontology.errors import PicographError, UsageError


@click.group(
    cls=LazyGroup,
    targets=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@debug_option
@click.version_option(__version__, "-V", "--version", prog_name="picograph", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Reports of clinical studies as an evidence graph: every number traced to its words."""
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())
        sys.exit(2)


def _usage(error: click.UsageError) -> UsageError:
    """Say a wrong use in the house's form: what, where, try."""
    where = error.ctx.command_path if error.ctx else "picograph"
    what, remedy = error.format_message().rstrip("."), f"{where} --help"
    if isinstance(error, click.NoSuchOption):
        what = f"there is no option {error.option_name}"
        if error.possibilities:
            remedy = f"did you mean {error.possibilities[0]}?"
    elif isinstance(error, click.MissingParameter) and error.ctx:
        what = what[:1].lower() + what[1:]
        remedy = error.ctx.command.get_usage(error.ctx).removeprefix("Usage: ")
    elif isinstance(error, click.BadParameter) and error.param:
        what, where = error.message.rstrip("."), f"{where} {error.param.opts[-1]}"
    return UsageError(what, where=where, remedy=remedy)


def _leave(error: PicographError) -> NoReturn:
    say(f"Error: {error}")
    sys.exit(error.exit_code)


def main(args: Sequence[str] | None = None) -> None:
    """Run the program: whatever a user can cause ends in a short message, never a traceback."""
    arguments = list(sys.argv[1:] if args is None else args)
    codecs.register_error("spell out", _spell_out)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="spell out")  # a terminal that cannot show ≥ shows >=
    try:
        _run(arguments)
    except ReaderGoneError:
        sys.exit(0)


def _run(arguments: list[str]) -> None:
    if "_PICOGRAPH_COMPLETE" in os.environ:
        import picograph.commands.completion  # noqa: F401 - how bash is told
    try:
        cli.main(args=arguments, prog_name="picograph", standalone_mode=False)
    except (PicographError, click.UsageError) as error:
        if "--debug" in arguments:
            raise
        if isinstance(error, click.exceptions.NoArgsIsHelpError):  # a group without its command
            say(error.format_message())
            sys.exit(error.exit_code)
        _leave(_usage(error) if isinstance(error, click.UsageError) else error)
    except (click.Abort, KeyboardInterrupt):
        say("Stopped.")
        sys.exit(130)
    except click.ClickException as error:
        _leave(UsageError(error.format_message()))
    except Exception as error:
        if "--debug" in arguments or isinstance(error, ReaderGoneError):
            raise
        say(
            f"Error: picograph met what it does not know: {type(error).__name__}: {error}",
            "  where: " + " ".join(["picograph", *arguments])[:200],
            "  try:   the same with --debug shows where; please report it",
        )
        sys.exit(1)


def _spell_out(error: UnicodeError) -> tuple[str | bytes, int]:
    from picograph.queries.wording import spell_out

    return spell_out(error)


if __name__ == "__main__":
    main()
