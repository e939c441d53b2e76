"""The entry point: which module holds which command, and what an error looks like on a terminal."""

import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Annotated

import typer

from clutch.errors import ClutchError, InvalidInput

__all__ = ["run"]

# Each module has an `app` with the command in it. Only the called one is imported, so that
# `clutch db status` does not wait for the models.
_MODULES = {
    "audit": "cli.audit",
    "bench": "cli.bench",
    "db": "cli.database",
    "demo": "cli.demo",
    "forecast": "cli.forecast",
    "import": "cli.import_files",
    "match": "cli.match",
    "price": "cli.price",
    "reorder": "cli.reorder",
    "seed": "cli.seed",
    "serve": "cli.serve",
    "simulate": "cli.simulate",
    "train": "cli.train",
    "users": "cli.users",
    "worker": "cli.worker",
}


def run(arguments: Sequence[str] | None = None) -> None:
    """Run `clutch` with `arguments` (the process's own by default) and exit.

    Exit codes: 0 done, 1 could not be done (one line says what to do next), 2 the call was wrong
    (one line names the option or column and what was expected), 130 and 143 stopped by Ctrl-C or
    SIGTERM.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    with _good_end():
        try:
            ended = _assembled(words)(words, prog_name="clutch", standalone_mode=False)
            raise SystemExit(ended or 0)
        except typer.TyperException as error:
            _fail(_in_a_line(error), exit_code=error.exit_code, cause=error)
        except typer.Abort as error:
            _fail("stopped; nothing was done", exit_code=1, cause=error)
        except InvalidInput as error:
            _fail(str(error), exit_code=2, cause=error)
        except ClutchError as error:
            _fail(str(error), exit_code=1, cause=error)
        except KeyboardInterrupt:  # while the command's module was being imported
            raise SystemExit(130) from None


@contextmanager
def _good_end() -> Iterator[None]:
    """Let commands put away what they opened on SIGTERM, and a reader leave the pipe early."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # not while things are being put away
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more at its exit, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _assembled(words: list[str]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def clutch(
        _version: Annotated[
            bool,
            typer.Option("--version", callback=_show_version, help="Show the version and exit."),
        ] = False,
    ) -> None:
        """Clutch: an auto-parts marketplace and the shop system behind it."""

    called = words[0] if words and words[0] in _MODULES else None
    for module in [_MODULES[called]] if called else _MODULES.values():
        app.add_typer(importlib.import_module(module).app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clutch {version('clutch')}")
        raise typer.Exit


def _in_a_line(error: typer.TyperException) -> str:
    """Say what is wrong with a call, and where it is explained; nothing where that was shown."""
    said = " ".join(error.format_message().split())
    context: typer.Context | None = getattr(error, "ctx", None)
    if not said or context is None:
        return said
    return f"{said.rstrip('.')} (see `{context.command_path} --help`)"


def _fail(line: str, *, exit_code: int, cause: Exception) -> None:
    if line:
        sys.stderr.write(f"clutch: {line}\n")
    raise SystemExit(exit_code) from cause
