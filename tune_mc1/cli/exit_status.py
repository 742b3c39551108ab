"""Exit status of a command, and its error output: one line per mistake."""

import io
import sys
from collections.abc import Callable

import typer

from tune_mc1.caller import has_caller, tell
from tune_mc1.errors import InputError, SweepStopped, TuneMc1Error
from tune_mc1.interruption import INTERRUPTED
from tune_mc1.redaction import redact

_VISIBLE = {code: repr(chr(code))[1:-1] for code in range(32)}
"""Escapes for control characters: a name may contain line breaks or terminal sequences."""


def run(commands: Callable[[], typer.Typer]) -> int:
    """Runs the command given on the command line.

    Args:
        commands: Builds the application.

    Returns:
        The exit status. 0: all trials ended. 1: some failed. 2: bad input. 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names need not be valid UTF-8
            stream.reconfigure(errors="backslashreplace")
    try:
        return commands()(prog_name="tune_mc1", standalone_mode=False) or 0
    except InputError as error:
        return _fail(2, *error.problems)
    except TuneMc1Error as error:
        return _fail(1, str(error))
    except typer.TyperException as error:  # a usage error
        if type(error).__name__.startswith("NoArgsIsHelp"):
            print(error)
            return 2
        return _fail(2, _usage(error))
    except (KeyboardInterrupt, typer.Abort, SweepStopped) as stopped:
        # SweepStopped gets here from `train`, or before the first trial of a sweep.
        reason = getattr(stopped, "reason", None)
        return _fail(1, reason) if reason else INTERRUPTED


def _usage(error: typer.TyperException) -> str:
    """One line: `command: rule`."""
    message = error.format_message()
    for words, ours in (("Value error, ", ""), ("Input should be", "must be")):  # pydantic's
        message = message.replace(words, ours)
    message = " ".join(message.split()).rstrip(".")
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "tune_mc1"
    return f"{where}: {message[:1].lower()}{message[1:]}"


def _fail(status: int, *lines: str) -> int:
    from rich.console import Console

    console = Console(stderr=True)
    shown = [redact(line).translate(_VISIBLE) for line in lines]
    tell(status=status, problems=shown)
    for text in [] if has_caller() else shown:
        console.print(text, style="red", highlight=False, markup=False, soft_wrap=True)
    return status
