"""The entry point: which module holds which command, and what an error looks like on a terminal."""

import importlib
import sys
from collections.abc import Sequence

import typer

from clutch.errors import ClutchError, InvalidInput

__all__ = ["run"]

# Each module has an `app` with the command in it. Only the called one is imported, so that
# `clutch db status` does not wait for the models.
_MODULES = {
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
    "train": "cli.train",
}


def run(arguments: Sequence[str] | None = None) -> None:
    """Run `clutch` with `arguments` (the process's own by default) and exit.

    Exit codes: 0 done, 1 could not be done (one line says what to do next), 2 the call was wrong
    (one line names the option or column and what was expected).
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _assembled(words)(words)
    except InvalidInput as error:
        _fail(error, exit_code=2)
    except ClutchError as error:
        _fail(error, exit_code=1)


def _assembled(words: list[str]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def clutch() -> None:
        """Clutch: an auto-parts marketplace and the shop system behind it."""

    called = words[0] if words and words[0] in _MODULES else None
    for module in [_MODULES[called]] if called else _MODULES.values():
        app.add_typer(importlib.import_module(module).app)
    return app


def _fail(error: ClutchError, *, exit_code: int) -> None:
    sys.stderr.write(f"clutch: {error}\n")
    raise SystemExit(exit_code) from error
