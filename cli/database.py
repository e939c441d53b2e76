"""`clutch db`: the private PostGIS server."""

from typing import TYPE_CHECKING, Annotated

import typer

from clutch.errors import ClutchError
from storage.cluster.installation import installations
from storage.cluster.packages import install as install_packages

if TYPE_CHECKING:
    from clutch.settings import Settings
    from storage.cluster import Cluster, Status
    from storage.cluster.provision import Facts

app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The private PostGIS server.")
app.add_typer(db, name="db")


class NotOurs(ClutchError):
    """The database is a named server, which Clutch neither starts nor stops."""

    def __init__(self) -> None:
        super().__init__(
            "CLUTCH_DATABASE_URL names a server, which Clutch does not start, stop or reset: "
            "unset it to use the private one"
        )


class InUse(ClutchError):
    """Another command works on the database that is to be deleted."""

    def __init__(self) -> None:
        super().__init__("another command uses the database: end that one first")


@db.command()
def install() -> None:
    """Install PostgreSQL with PostGIS where it is missing (Debian and Ubuntu; else say how)."""
    if any(not each.missing for each in installations()) or _settings().database_url:
        return
    install_packages(typer.echo)


@db.command()
def start() -> None:
    """Start the private server and let it run until `clutch db stop`."""
    cluster = _cluster()
    cluster.start()
    _print_status(cluster.status())


@db.command()
def stop(
    now: Annotated[bool, typer.Option("--now", help="Cut off commands that still use it.")] = False,
) -> None:
    """Stop the private server, or let it stop with the last command that uses it."""
    if _cluster().stop(now=now):
        typer.echo("stopped")
    else:
        typer.echo("still used by another command: it stops with that one, or with --now at once")


@db.command()
def status() -> None:
    """Say whether the server runs, where its files are and how to connect."""
    settings = _settings()
    if settings.database_url:
        _print_named_server(settings.database_url)
    else:
        _print_status(_cluster().status())


@db.command()
def upgrade() -> None:
    """Bring the database to the newest schema."""
    from storage.cluster import running_database
    from storage.upgrade import head_revision
    from storage.upgrade import upgrade as upgrade_schema

    with running_database(_settings()) as database:
        upgrade_schema(database.owner_url)
    typer.echo(f"the schema is at revision {head_revision()}")


@db.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the private database with all that is in it."""
    cluster = _cluster()
    status = cluster.status()
    if status.in_use:
        raise InUse
    asked = f"Delete the database in {status.data} and all that is in it?"
    if not yes and not typer.confirm(asked):
        raise typer.Exit(1)
    cluster.reset()
    typer.echo("deleted; the next command makes an empty one")


def _settings() -> "Settings":
    # Imported when needed: `clutch db install` is part of every `make` and must not wait for it.
    from clutch.settings import settings

    return settings()


def _cluster() -> "Cluster":
    from storage.cluster.running import private_cluster

    settings = _settings()
    if settings.database_url:
        raise NotOurs
    return private_cluster(settings)


def _print_status(status: "Status") -> None:
    state = "not made yet" if not status.made else "running" if status.running else "stopped"
    lines = {"server": state, "data": str(status.data), "log": str(status.log)}
    if status.database and status.facts:
        stays = "`clutch db stop`" if status.kept else "the last command that uses it ends"
        lines |= {
            "until": stays,
            **_facts(status.facts),
            "serve as": status.database.url,
            "own as": status.database.owner_url,
        }
    _print_lines(lines)


def _print_named_server(url: str) -> None:
    from storage.cluster.provision import facts

    _print_lines({"server": "named by CLUTCH_DATABASE_URL, answers", **_facts(facts(url))})


def _facts(facts: "Facts") -> dict[str, str]:
    return {
        "versions": f"PostgreSQL {facts.postgresql}, PostGIS {facts.postgis or 'not yet'}",
        "schema": facts.schema or "none yet: run `clutch db upgrade`",
        "size": f"{facts.size_bytes / 1e6:,.1f} MB",
    }


def _print_lines(lines: dict[str, str]) -> None:
    for name, text in lines.items():
        typer.echo(f"{name:<9} {text}")
