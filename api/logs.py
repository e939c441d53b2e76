"""How a server process logs: lines for people in development, JSON lines in production.

What is logged names paths, problems and causes; never keys, coordinates or what callers sent.
"""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

__all__ = ["configure_logs"]


def configure_logs(environment: Literal["development", "production"]) -> None:
    """Send what this process logs, and what its libraries do, to standard error."""
    first: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = _for_machines() if environment == "production" else _for_people()
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").addFilter(_is_no_socket)


def _is_no_socket(record: logging.LogRecord) -> bool:
    """Leave out the two lines that the server logs of each WebSocket, as it does of requests."""
    return not str(record.msg).startswith(("connection ", '%s - "WebSocket'))


def _for_machines() -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _for_people() -> list[Processor]:
    # The usual traceback shows the values of variables: keys and coordinates among them.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
