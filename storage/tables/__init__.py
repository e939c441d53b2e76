"""Tables, a file a subject; every name here is also the name in the database.

Only `queries` modules read them; nothing here decides anything.
"""
