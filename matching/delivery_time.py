"""Delivery time."""
