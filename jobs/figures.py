"""Jobs of figures: what shops are known for is kept up to date."""

from jobs.registry import periodic
from jobs.tools import Tools
from orders.figures import count_figures
from storage.session import PLATFORM, transaction

__all__ = ["count"]


@periodic("* * * * *", "figures.count")
def count(tools: Tools) -> None:
    """Count answers, deliveries and ratings into the statistics of their shops."""
    counted = True
    while counted:
        with transaction(tools.engine, PLATFORM) as session:
            counted = any(count_figures(session, now=tools.now()))
