"""Reorder policies: exact cost and speed, the fill that is kept, and what a joint budget saves.

Peers in the same run: stockpyl and full enumeration for the policies; the economic order quantity
with normal demand; safety stocks by normal and by negative binomial moments for the fill.
"""

from typing import Any

from benchmarks import replenishment_budget, replenishment_exact, replenishment_replay
from benchmarks.options import Options

__all__ = ["run"]


def run(options: Options) -> dict[str, Any]:
    """Return the figures of all three parts."""
    return {
        "exact": replenishment_exact.run(options),
        "budget": replenishment_budget.run(options),
        "replay": replenishment_replay.run(options),
    }
