"""When and how much to reorder: lead-time demand, exact policies, budgets, replays of the past.

It never reads a file, a clock or a database: frames in, frames out. Start at `policy`, then
`suggest` and `simulate`.
"""

from replenishment.policies import policy
from replenishment.replay import simulate
from replenishment.suggestions import suggest

__all__ = ["policy", "simulate", "suggest"]
