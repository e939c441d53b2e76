"""`clutch serve`: the API on this machine."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from cli.connection import ready_database
from clutch.errors import SetupNeeded
from clutch.settings import Settings, settings

__all__ = ["app", "serve_until_stopped", "service_key"]

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
    """Serve the API with its database; returns when the server was asked to stop."""
    key = service_key(chosen)
    with ready_database(chosen) as database:
        # Workers are new processes: they read the same choices from their environment.
        os.environ["CLUTCH_DATABASE_URL"] = database.url
        os.environ["CLUTCH_SERVICE_KEY"] = key
        uvicorn.run(
            "api.app:create_app",
            factory=True,
            host=chosen.host,
            port=chosen.port,
            workers=chosen.workers,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )


def service_key(chosen: Settings) -> str:
    """Return the service key of the settings; in development one is made and kept when none is set.

    Raises
    ------
    SetupNeeded
        None is set, in production.
    """
    if chosen.service_key:
        return chosen.service_key.get_secret_value()
    if chosen.environment == "production":
        raise SetupNeeded("set CLUTCH_SERVICE_KEY to what callers of the API must show")
    path: Path = chosen.data_directory / "service-key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text()
