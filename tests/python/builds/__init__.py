"""Another build of CPython, run by settings alone: `make test-builds`."""
