"""A payment provider to try things with: it behaves like the real ones, and moves no money.

It is somebody else's system: it knows nothing of orders and imports no room but the ground. Start
at `app`; `docs/payments.md` lists its test cards.
"""
