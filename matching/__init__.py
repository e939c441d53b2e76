"""Which shops can serve a request, in what order and by when."""
