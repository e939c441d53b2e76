"""`clutch serve`: the API on this machine."""

import os
from typing import Annotated

import typer

from api.serving import listen
from api.serving import serve as serve_api
from cli.connection import ready_database
from cli.keys import service_key, token_key
from clutch.settings import Settings, settings

__all__ = ["app", "serve_until_stopped"]

app = typer.Typer()


@app.command("serve")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65_535)] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that answer.", min=1, max=256)
    ] = None,
) -> None:
    """Serve the API until Ctrl-C; what is left out is taken from the settings."""
    given = {"host": host, "port": port, "workers": workers}
    chosen = {name: value for name, value in given.items() if value is not None}
    serve_until_stopped(settings().model_copy(update=chosen))


def serve_until_stopped(chosen: Settings) -> None:
    """Serve the API with its database; returns when the server was asked to stop.

    Raises
    ------
    CannotListen
        The port is taken; nothing was started.
    """
    with listen(chosen.host, chosen.port) as listening, ready_database(chosen) as database:
        # Workers are new processes: they read the same choices from their environment.
        os.environ["CLUTCH_HOST"] = chosen.host
        os.environ["CLUTCH_PORT"] = str(chosen.port)
        os.environ["CLUTCH_WORKERS"] = str(chosen.workers)
        os.environ["CLUTCH_DATABASE_URL"] = database.url
        os.environ["CLUTCH_SERVICE_KEY"] = service_key(chosen)
        os.environ["CLUTCH_TOKEN_KEY"] = token_key(chosen)
        serve_api(listening, workers=chosen.workers)
