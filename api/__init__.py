"""The HTTP door: parses a request, calls one use case, returns its answer.

It decides nothing and holds no SQL. Start at `api.app.create_app`.
"""
