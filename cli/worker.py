"""`clutch worker`: runs jobs, where server processes leave them to a process of their own."""

import asyncio
import signal
from typing import Annotated

import typer
from pydantic import SecretStr

from api.logs import configure_logs
from cli.connection import ready_database
from cli.keys import token_key
from clutch.settings import Settings, settings
from jobs import queries
from jobs.worker import run_worker
from storage.session import open_engine

__all__ = ["app"]

app = typer.Typer()

_MOST_SHOWN = 100


@app.command("worker")
def worker(
    at_a_time: Annotated[
        int, typer.Option("--at-a-time", help="How many jobs at once.", min=1, max=64)
    ] = 4,
    failed: Annotated[
        bool, typer.Option("--failed", help="Show the jobs that were given up, and end.")
    ] = False,
) -> None:
    """Run jobs until Ctrl-C or SIGTERM; what runs then is finished first."""
    chosen = settings()
    with ready_database(chosen) as database:
        if failed:
            _show_failed(database.url)
            return
        configure_logs(chosen.environment)
        # Codes are hashed with it, as the server that checks them does.
        chosen = chosen.model_copy(update={"token_key": SecretStr(token_key(chosen))})
        asyncio.run(_until_stopped(chosen, database.url, at_a_time))


async def _until_stopped(chosen: Settings, database_url: str, at_a_time: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not the loop's own handlers: Windows has none.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    typer.echo(f"running {at_a_time} jobs at a time; Ctrl-C stops")
    await run_worker(chosen, database_url, stop, at_a_time=at_a_time)


def _show_failed(database_url: str) -> None:
    engine = open_engine(database_url, connections=1)
    with engine.connect() as connection:
        depth = queries.queue_depth(connection)
        jobs = queries.failed_jobs(connection, most=_MOST_SHOWN)
    engine.dispose()
    typer.echo(
        f"{depth.get('todo', 0)} waiting, {depth.get('doing', 0)} running, "
        f"{depth.get('failed', 0)} failed"
    )
    for job in jobs:
        typer.echo(f"{job.failed_at:%Y-%m-%d %H:%M:%S} {job.name} {job.arguments}")
