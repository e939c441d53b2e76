"""The API as processes that listen: one, or as many workers as asked for."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.live.neighbours import neighbourhood
from api.live.protocol import MOST_BYTES
from api.logs import configure_logs
from clutch.errors import ClutchError
from clutch.settings import settings

if sys.platform != "win32":
    import resource

__all__ = ["CannotListen", "DidNotStart", "listen", "serve", "served_app"]

_NEIGHBOURHOOD = "CLUTCH_NEIGHBOURHOOD"  # where workers meet; for them alone
_STOP_SECONDS = 10
_SILENCE_MILLISECONDS = 30_000


class CannotListen(ClutchError):
    """The address is taken, or not ours to take."""


class DidNotStart(ClutchError):
    """The API did not come up; it logged why."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port`.

    Raises
    ------
    CannotListen
        Another process listens there, or this one may not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise CannotListen(
            f"cannot listen on {host}:{port} ({why}): choose another with --port or --host"
        ) from error
    # A client that takes nothing for so long is gone, though its machine may still say it is not.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE_MILLISECONDS)
    return listening


def served_app() -> FastAPI:
    """Return the API of a process of its own, with its logs set up."""
    chosen = settings()
    configure_logs(chosen.environment)
    directory = os.environ.get(_NEIGHBOURHOOD)
    return create_app(chosen, neighbourhood=Path(directory) if directory else None)


def serve(listening: socket.socket, *, workers: int) -> None:
    """Serve until Ctrl-C or SIGTERM; the settings are read from the environment.

    Raises
    ------
    DidNotStart
        The API did not come up.
    """
    config = uvicorn.Config(
        "api.serving:served_app",  # by name: a worker answers that it lives while it loads this
        factory=True,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the app believes the proxies of its settings, and no others
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,  # events are small; it costs more than it saves
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    configure_logs(settings().environment)
    _allow_many_sockets()
    if workers > 1:
        with neighbourhood() as directory:
            os.environ[_NEIGHBOURHOOD] = str(directory or "")
            Multiprocess(config, sockets=[listening]).run()
        return
    server = uvicorn.Server(config)
    # The server raises again what stopped it, when it has stopped in good order.
    with suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listening])
    if not server.started:
        raise DidNotStart("the API did not start: its log says why")


def _allow_many_sockets() -> None:
    """Take as many files as the system lets a process have: each listener's socket is one."""
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
