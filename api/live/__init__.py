"""The Socket.IO door: whoever signed in hears of their rooms, each event once and in order.

It never decides what is told, nor to whom a client says it belongs. Start at `door`, then `hub`.
"""
