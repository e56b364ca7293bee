"""The applications that `bench.dispatch` compares; each module has a WSGI callable `app`."""
