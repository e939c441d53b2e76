"""`clutch serve`: the API on this machine."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from api.serving import listen
from api.serving import serve as serve_api
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
    """Serve the API with its database; returns when the server was asked to stop.

    Raises
    ------
    CannotListen
        The port is taken; nothing was started.
    """
    with listen(chosen.host, chosen.port) as listening, ready_database(chosen) as database:
        # Workers are new processes: they read the same choices from their environment.
        os.environ["CLUTCH_DATABASE_URL"] = database.url
        os.environ["CLUTCH_SERVICE_KEY"] = service_key(chosen)
        serve_api(listening, workers=chosen.workers)


def service_key(chosen: Settings) -> str:
    """Return the service key of the settings; in development one is made and kept when none is set.

    Raises
    ------
    SetupNeeded
        None is set, in production; or it cannot be kept.
    """
    if chosen.service_key:
        return chosen.service_key.get_secret_value()
    if chosen.environment == "production":
        raise SetupNeeded("set CLUTCH_SERVICE_KEY to what callers of the API must show")
    path = chosen.data_directory / "service-key"
    try:
        return _kept(path)
    except OSError as error:
        raise SetupNeeded(f"cannot keep a key in {path} ({error.strerror})") from error


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone, and never seen half-written.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as new:
            new.write(secrets.token_urlsafe(24))
        Path(new.name).replace(path)
    return path.read_text().strip()
