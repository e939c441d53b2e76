"""Customers and shops played against a running server, through HTTP and sockets only.

It never reads the database. Start at `simulator.market`.
"""
