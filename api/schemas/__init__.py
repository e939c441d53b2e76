"""What callers send and get, with an example for each."""
