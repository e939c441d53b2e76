"""Money for accepted orders: paid in cash at the door, or through a provider of cards and wallets.

It never sees a card, and never asks a provider while a transaction is open. Start at `states` and
`port`; `docs/payments.md` tells the whole way.
"""

from orders.payments.opening import open_payment, release

__all__ = ["open_payment", "release"]
