"""What is kept, and where: tables, migrations, sessions, the private PostGIS.

It decides nothing: rooms above speak SQL through their own `queries`. Start at `storage.tables`.
"""
