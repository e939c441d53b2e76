"""The ground every room stands on: settings, errors, money, points and frame contracts.

It never opens a file, a socket or a database. Start at `clutch.errors` and `clutch.frames`.
"""
