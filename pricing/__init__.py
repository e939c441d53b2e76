"""What a part should cost: elasticities, price suggestions under guard rails, chances of a quote.

It never reads files, a database or a clock, and never shows one shop the price of another. Start at
`fit_elasticities`, `suggest_prices` and `fit_win_probability`.
"""

from pricing.elasticities import ElasticityModel, fit_elasticities
from pricing.guard_rails import GuardRails
from pricing.suggestions import profit_curves, suggest_prices
from pricing.win_probability import WinModel, fit_win_probability

__all__ = [
    "ElasticityModel",
    "GuardRails",
    "WinModel",
    "fit_elasticities",
    "fit_win_probability",
    "profit_curves",
    "suggest_prices",
]
