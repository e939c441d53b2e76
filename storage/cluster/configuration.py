"""How the private server is set up: sized for a laptop, and never at the price of durability.

Pure but for reading how much memory the machine has.
"""

import os
from pathlib import Path

__all__ = ["DURABLE", "configuration", "durability_faults"]

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
"""Settings that must not be `off`, or a crash loses what was acknowledged."""

_MB = 1024**2
_TUNED = {
    "max_connections": "400",  # a process that serves takes up to 25
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def configuration(*, socket_directory: Path | None, port: int) -> str:
    """Write the server's configuration file; without a socket directory it listens on localhost."""
    listening = {
        "port": str(port),
        "listen_addresses": "" if socket_directory else "127.0.0.1",
        "unix_socket_directories": _listed(socket_directory) if socket_directory else "",
        "unix_socket_permissions": "0700",
    }
    sized = {"shared_buffers": f"{_shared_buffers_mb()}MB"}
    lines = (listening | sized | _TUNED | dict.fromkeys(DURABLE, "on")).items()
    return "".join(f"{name} = '{_quoted(value)}'\n" for name, value in lines)


def durability_faults(values: dict[str, str]) -> list[str]:
    """List what of `values` (a setting's name to its value) could lose data.

    Examples
    --------
    >>> durability_faults({"fsync": "off", "synchronous_commit": "on", "full_page_writes": "on"})
    ['fsync = off']
    >>> durability_faults({})
    []
    """
    return [f"{name} = off" for name in DURABLE if values.get(name) == "off"]


def _shared_buffers_mb() -> int:
    """Give an eighth of the memory, between 128 MB and 1 GB."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        memory = 2048 * _MB
    return min(max(memory // 8 // _MB, 128), 1024)


def _listed(directory: Path) -> str:
    # The setting is a list: a comma or a space would part one path into two.
    return '"' + str(directory).replace('"', '""') + '"'


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
