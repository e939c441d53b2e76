"""Rows of shops near a point."""
