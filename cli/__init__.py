"""The `clutch` command: parses, calls one function, prints.

It decides nothing and holds no SQL. Start at `cli.main`.
"""
