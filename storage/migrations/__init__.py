"""Alembic migrations: small, reversible, never edited once merged."""
